// The layers of a network that transforms look for, and what is put in their place.
import {ArgumentError} from "../../core/errors.ts";
import {type Layer, numbered, type Shape} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import type {Tensor} from "../../tf.ts";
import type {MoeLayer, MoeParams} from "../moe.ts";

/** A network and its parameters, which the caller owns. */
export interface Network {
  model: Layer;
  params: Params;
}

/** A layer in its place in a network. */
export interface Place<L extends Layer = Layer> {
  /** Of its parameters: "residual2/body/moe1"; "" for a network that is this layer. */
  readonly path: string;
  readonly layer: L;
  /** The shape of what it is given for one example. */
  readonly inputShape: Shape;
}

/** A path inside another one. */
export const within = (path: string, name: string): string => (path ? `${path}/${name}` : name);

/** Whether a layer is a mixture of experts made by `moe`. */
export const isMoe = (layer: Layer): layer is Layer & MoeLayer =>
  "routing" in layer && "options" in layer && layer.name === "moe";

/** The shape of one example: as given, or as an mlp knows it. Throws an ArgumentError where neither tells. */
export function inputShapeOf(model: Layer, inputShape: Shape | undefined): Shape {
  if (inputShape) return inputShape;
  const {sizes} = model as {sizes?: readonly number[]};
  if (sizes) return [sizes[0] as number];
  throw new ArgumentError("The shape of one example is missing: pass {inputShape: data.inputShape}.");
}

/** Every layer of a network with its place, containers first. */
export function* layersOf(layer: Layer, inputShape: Shape, path = ""): Generator<Place> {
  yield {layer, inputShape, path};
  for (const child of layer.children?.(inputShape) ?? [])
    yield* layersOf(child.layer, child.inputShape, within(path, child.name));
}

/** All mixtures of experts in a network. Throws an ArgumentError where there is none. */
export function moePlaces(model: Layer, inputShape: Shape): Place<MoeLayer>[] {
  const found = [...layersOf(model, inputShape)].filter((place): place is Place<Layer & MoeLayer> =>
    isMoe(place.layer)
  );
  if (found.length > 0) return found as unknown as Place<MoeLayer>[];
  throw new ArgumentError(
    "The network has no mixture of experts: pass one with a layer moe({experts, router, expert})."
  );
}

/** The network with other layers in some places; a layer is asked before those inside it. */
export function mapLayers(
  layer: Layer,
  inputShape: Shape,
  change: (place: Place) => Layer | undefined,
  path = ""
): Layer {
  const other = change({layer, inputShape, path});
  if (other) return other;
  if (!layer.withChildren || !layer.children) return layer;
  const children = layer.children(inputShape);
  const others = children.map((child) =>
    mapLayers(child.layer, child.inputShape, change, within(path, child.name))
  );
  if (others.every((each, i) => each === children[i]?.layer)) return layer;
  // A network of layers names its parameters by theirs.
  return {...layer.withChildren(others), name: layer.name};
}

/** Whether a container applies its children one after the other and names them by kind and count. */
export function isSequence(layer: Layer, inputShape: Shape): boolean {
  const children = layer.children?.(inputShape) ?? [];
  if (!layer.withChildren || children.length === 0 || layer.name === "parallel") return false;
  return numbered(children.map((child) => child.layer)).join() === children.map(({name}) => name).join();
}

/** The parameters of the layer at a path; empty for a layer without any. */
export function paramsAt(params: Params, path: string): Params {
  if (path === "") return params;
  return path
    .split("/")
    .reduce((node, name) => (node as Record<string, Params>)[name] ?? {}, params as Params);
}

/** The parameters of the mixture at a path. */
export const moeParamsAt = (params: Params, path: string) => paramsAt(params, path) as MoeParams;

/** Parameters with others at some paths; the tensors elsewhere are copies, so that the caller owns the whole. */
export function withParams(params: Params, others: ReadonlyMap<string, Params>, path = ""): Params {
  const other = others.get(path);
  if (other !== undefined) return other;
  if ("dataId" in params) return (params as Tensor).clone();
  return Object.fromEntries(
    Object.entries(params as Record<string, Params>).map(([name, child]) => [
      name,
      withParams(child, others, within(path, name))
    ])
  );
}

/** What stands in the place of a mixture: another layer (a mixture as a rule) and its parameters, which the caller will own. */
export interface Replacement {
  layer: Layer;
  params: Params;
}

/** A network with other layers in the places of some mixtures. */
export function replaceMoes(
  {model, params}: Network,
  inputShape: Shape,
  replacements: ReadonlyMap<string, Replacement>
): Network {
  return {
    model: mapLayers(model, inputShape, ({path}) => replacements.get(path)?.layer),
    params: withParams(params, new Map([...replacements].map(([path, {params}]) => [path, params])))
  };
}
