// Feed-forward parts of trained networks: two dense layers one after the other.
import {type ActivationName, activationOf} from "../../core/activations.ts";
import {ArgumentError} from "../../core/errors.ts";
import {type Child, type Layer, numbered, type Shape} from "../../core/layer.ts";
import {activation as activationLayer} from "../../core/layers/activation.ts";
import type {DenseParams} from "../../core/layers/dense.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Known} from "../options.ts";
import {
  inputShapeOf,
  isSequence,
  layersOf,
  type Network,
  paramsAt,
  type Replacement,
  within,
  withParams
} from "./layers.ts";

export interface FfnOptions {
  /** The paths of the first dense layers of the parts to change, "residual2/body/dense1"; all that there are by default. */
  at?: readonly string[];
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
}

export const FFN_OPTIONS: Known<FfnOptions> = {at: true, inputShape: true};

/** A feed-forward part: activation(x first.kernel + first.bias) second.kernel + second.bias. */
export interface Ffn {
  /** The path of its first dense layer. */
  readonly path: string;
  readonly first: DenseParams;
  readonly second: DenseParams;
  readonly activation: ActivationName | ((x: Tensor) => Tensor);
  readonly features: number;
  readonly hidden: number;
  readonly outputs: number;
}

/** A network in which mixtures stand for feed-forward parts, and their paths. The caller owns the tensors. */
export interface FfnsReplaced extends Network {
  /** The path of the mixture that stands for the part at each old path. */
  paths: Record<string, string>;
}

/** The feed-forward parts of a network that options name. Throws an ArgumentError where there is none of the name. */
export function findFfns(model: Layer, params: Params, options: FfnOptions = {}): Ffn[] {
  const all = [...layersOf(model, inputShapeOf(model, options.inputShape))].flatMap(
    ({layer, inputShape, path}) =>
      isSequence(layer, inputShape)
        ? pairs(layer, inputShape).map((i) => ffnOf(layer, inputShape, path, i, params))
        : []
  );
  const {at = all.map(({path}) => path)} = options;
  const found = at.map((path) => all.find((ffn) => ffn.path === path));
  const missing = found.indexOf(undefined);
  const there =
    all.length > 0 ? `there are those at ${all.map(({path}) => path).join(", ")}` : "there is none";
  if (missing >= 0 || found.length === 0)
    throw new ArgumentError(
      `The network has no feed-forward part${at[missing] ? ` at ${at[missing]}` : ""}, two dense layers one after the other in a sequential; ${there}.`
    );
  return found as Ffn[];
}

/** Places in a sequence where two dense layers begin that follow each other; none is in two pairs. */
function pairs(layer: Layer, inputShape: Shape): number[] {
  const children = layer.children?.(inputShape) ?? [];
  const isDense = (i: number) => children[i]?.layer.name === "dense" && !!children[i]?.layer.withProduct;
  const found: number[] = [];
  for (let i = 0; i + 1 < children.length; ++i) if (isDense(i) && isDense(i + 1)) found.push(i++);
  return found;
}

function ffnOf(layer: Layer, shape: Shape, path: string, at: number, params: Params): Ffn {
  const [one, two] = (layer.children?.(shape) ?? []).slice(at, at + 2) as unknown as [Child, Child];
  const own = within(path, one.name);
  const first = paramsAt(params, own) as DenseParams;
  const second = paramsAt(params, within(path, two.name)) as DenseParams;
  const [features, hidden] = first.kernel.shape as [number, number];
  return {
    path: own,
    first,
    second,
    activation: activationIn(one.layer),
    features,
    hidden,
    outputs: second.kernel.shape[1] as number
  };
}

/** The nonlinearity of a dense layer: by name where kernels compute it with the product, as a function otherwise. */
function activationIn(layer: Layer): Ffn["activation"] {
  let fused: ActivationName = "linear";
  const withoutProduct = layer.withProduct?.(({x, activation}) => {
    fused = activation;
    return activationOf(activation)(x);
  }) as Layer;
  const apply = (x: Tensor) => withoutProduct.apply({kernel: x}, x);
  const passes = tidy(() => {
    const x = tf.zeros([1, 1]);
    return apply(x).dataId === x.dataId;
  });
  return fused !== "linear" || passes ? fused : apply;
}

/**
 * The network with other layers for some feed-forward parts. In a sequence layers are named by kind and count, so that those
 * behind may get other names; their parameters go with them. An activation behind the second layer stays.
 */
export function replaceFfns(
  {model, params}: Network,
  inputShape: Shape,
  replacements: ReadonlyMap<string, Replacement>
): FfnsReplaced {
  const paths: Record<string, string> = {};
  const rebuilt = rebuild(model, inputShape, params, "", "", {replacements, paths});
  return {...rebuilt, paths};
}

interface Rebuilding {
  replacements: ReadonlyMap<string, Replacement>;
  paths: Record<string, string>;
}

function rebuild(
  layer: Layer,
  inputShape: Shape,
  params: Params,
  path: string,
  newPath: string,
  to: Rebuilding
): Network {
  const children = layer.children?.(inputShape) ?? [];
  if (!layer.withChildren || children.length === 0)
    return {model: layer, params: withParams(params, new Map())};
  const isNamed = isSequence(layer, inputShape);
  const layers: {layer: Layer; from: number; made?: Replacement}[] = [];
  for (let i = 0; i < children.length; ++i) {
    const child = children[i] as (typeof children)[number];
    const made = isNamed ? to.replacements.get(within(path, child.name)) : undefined;
    layers.push({layer: made?.layer ?? child.layer, from: i, ...(made && {made})});
    if (!made) continue;
    const behind = activationIn((children[++i] as (typeof children)[number]).layer);
    if (behind !== "linear") layers.push({layer: activationLayer(behind) as Layer, from: -1});
  }
  const names = isNamed ? numbered(layers.map((each) => each.layer)) : children.map(({name}) => name);
  const own: Record<string, Params> = {};
  const others = layers.map(({layer: each, from, made}, i) => {
    const name = names[i] as string;
    const child = children[from];
    if (made && child) {
      to.paths[within(path, child.name)] = within(newPath, name);
      own[name] = made.params;
      return each;
    }
    if (!child) return each;
    const inner = rebuild(
      each,
      child.inputShape,
      paramsAt(params, child.name),
      within(path, child.name),
      within(newPath, name),
      to
    );
    if (Object.keys(inner.params).length > 0) own[name] = inner.params;
    return inner.model;
  });
  return {model: {...layer.withChildren(others), name: layer.name}, params: own};
}

/** What goes into the first dense layer of every part for a batch x of the network's inputs, [tokens, features] by its path. The caller owns the tensors. */
export function ffnInputs({model, params}: Network, x: Tensor, ffns: readonly Ffn[]): Map<string, Tensor> {
  const seen = new Map<string, Tensor>();
  const wanted = new Set(ffns.map(({path}) => path));
  const see = (path: string, input: Tensor) => {
    if (wanted.has(path)) seen.set(path, tf.keep(tf.reshape(input, [-1, input.shape.at(-1) as number])));
  };
  tidy(() => model.apply(params, x, {training: false, see}));
  return seen;
}

/** The hidden units of a part for tokens [tokens, features]: [tokens, hidden]. */
export const hiddenOf = ({first, activation}: Ffn, x: Tensor): Tensor =>
  tidy(() => {
    const sum = tf.matMul(x, first.kernel);
    return activationOf(activation)(first.bias ? tf.add(sum, first.bias) : sum);
  });
