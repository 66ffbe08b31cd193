// The KAN layers inside a network: where they are, what they are given, and their parameters.
import type {Context, Layer, ModelState, Shape} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {KanLayerModule, KanParams, KanState} from "./kan-layer.ts";

/** A KAN layer in its place. */
export interface PlacedKanLayer {
  /** "kan1", "encoder1/kan2"; empty where the layer is the whole model. */
  readonly path: string;
  readonly layer: KanLayerModule;
  readonly inputs: number;
}

/** True for what `kanLayer` made. */
export function isKanLayer(layer: Layer): layer is Layer & KanLayerModule {
  return "weights" in layer && "squash" in layer;
}

/** All KAN layers of a network, in order of application. */
export function kanLayersIn(model: Layer, inputShape: Shape, path = ""): PlacedKanLayer[] {
  if (isKanLayer(model)) return [{path, layer: model, inputs: inputShape.at(-1) ?? 0}];
  const children = model.children?.(inputShape) ?? [];
  return children.flatMap(({name, layer, inputShape: shape}) =>
    kanLayersIn(layer, shape, path ? `${path}/${name}` : name)
  );
}

/** The parameters of the layer at a path. */
export function paramsAt(params: Params, path: string): KanParams {
  const parts = path === "" ? [] : path.split("/");
  return parts.reduce((node, name) => (node as Record<string, Params>)[name] as Params, params) as KanParams;
}

/** The same tree with others at a path. */
export function withParamsAt(params: Params, path: string, own: Params): Params {
  const [name, ...rest] = path.split("/");
  if (!name) return own;
  const node = params as Record<string, Params>;
  return {...node, [name]: withParamsAt(node[name] as Params, rest.join("/"), own)};
}

/** What the layer at a path keeps. */
export function stateAt(state: ModelState, {path, layer}: PlacedKanLayer): KanState {
  return (state[path || layer.name] ?? {}) as KanState;
}

/** What a network gives the layer at a path, for x [batch, ...inputShape]. The caller owns it. */
export function inputOf(model: Layer, params: Params, state: ModelState, x: Tensor, path: string): Tensor {
  if (path === "") return x.clone();
  return tidy(() => {
    let seen: Tensor | undefined;
    const see: Context["see"] = (at, input) => {
      if (at === path) seen = tf.keep(input.clone());
    };
    model.apply(params, x, {state, see});
    const given = (seen as Tensor).clone();
    seen?.dispose();
    return given;
  });
}

/** A tensor's numbers in float64. */
export async function float64(tensor: Tensor): Promise<Float64Array> {
  return Float64Array.from(await tensor.data());
}

/** [inputs, size, units] <-> the order of KanNetwork, [inputs, units, size]. */
export function swapped(
  values: ArrayLike<number>,
  [a, b, c]: readonly [number, number, number]
): Float64Array {
  const out = new Float64Array(a * b * c);
  for (let i = 0; i < a; ++i)
    for (let j = 0; j < b; ++j)
      for (let k = 0; k < c; ++k) out[(i * c + k) * b + j] = values[(i * b + j) * c + k] as number;
  return out;
}
