import {ArgumentError} from "../../core/errors.ts";
import type {Layer, ModelState, Shape} from "../../core/layer.ts";
import {clone, dispose, entries, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, type Masks} from "../masks.ts";
import {type Features, featureGraph, within} from "./feature-graph.ts";
import {HostWeights} from "./host-weights.ts";

export interface ShrinkOptions {
  /** The shape of one example; an mlp tells it itself. */
  inputShape?: Shape;
  /** What layers with a state learned in training: `training.state.modelState`. */
  modelState?: ModelState;
  /** Units to take out besides, by the path of the layer that makes them: what they give is taken for nothing. */
  remove?: Readonly<Record<string, readonly number[]>>;
}

/** A network without the units that masks left useless. The caller owns the tensors. */
export interface Shrunk {
  model: Layer;
  params: Params;
  modelState: Record<string, Params>;
  /** The units that stayed, by the path of the layer that makes them. */
  kept: Record<string, number[]>;
}

/**
 * Takes units and channels out of a network that pruning left useless, and with them everything coupled to them: their
 * weights, biases, batch norms and running statistics, and the weights of the layers that read them. The outputs (of evaluation) are those of the
 * masked network, and the result is an ordinary smaller network. A unit goes when nothing reads it, or when it has no inputs
 * left, so that it is constant: then it is added to the bias of the layers that read it. One that cannot be added (it is not
 * zero and a convolution reads it, or a layer without a bias) stays.
 *
 * Dense layers and convolutions without groups are made smaller, through activations, dropout, pooling, flatten, batch norms and depthwise
 * convolutions, within sequential and residual (channels that a sum joins go together) and parallel with a sum. Other layers keep
 * what goes into them and what comes out.
 *
 * @example
 * import {key, mlp, tf, tree} from "petri/core";
 * import {applyMasks, granularity, prune, shrink} from "petri/pruning";
 *
 * const model = mlp([8, 64, 64, 2]);
 * const params = model.init(key(0));
 * const hidden = (path) => /dense[12].kernel/.test(path);
 * const masks = await prune(params, {sparsity: 0.75, scope: "local", granularity: granularity.channel(), prunable: hidden});
 * const small = await shrink(model, params, masks);
 * const x = tf.ones([1, 8]);
 * display(tree.entries(small.params).map(({path, leaf}) => `${path} ${leaf.shape.join(" x ")}`));
 * display([model.apply(applyMasks(params, masks), x), small.model.apply(small.params, x)].map((y) => y.arraySync()[0]));
 */
export async function shrink(
  model: Layer,
  params: Params,
  masks: Masks | null,
  options: ShrinkOptions = {}
): Promise<Shrunk> {
  const inputShape = shapeOf(model, options);
  const {modelState = {}, remove = {}} = options;
  const effective = tidy(() => (masks ? applyMasks(params, masks) : clone(params)));
  let asked: Params = [];
  try {
    const graph = featureGraph(
      model,
      inputShape,
      new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf]))
    );
    const weights = await HostWeights.read(effective);
    const gone = new Map(graph.map((features) => [features, new Set<number>()]));
    removeAsked(graph, weights, gone, remove);
    asked = map((_leaf: Tensor, path) => weights.tensor(path), params);
    const inputs = await inputsOf(model, asked, inputShape, modelState, graph);
    while (removeUseless(graph, weights, gone, inputs));
    return rebuilt(model, effective, {inputShape, modelState, weights, gone});
  } finally {
    dispose([effective, asked]);
  }
}

/** The shape of one example, given or known by the model. */
export function shapeOf(model: Layer, {inputShape}: {inputShape?: Shape}): Shape {
  if (inputShape) return inputShape;
  const {sizes} = model as {sizes?: readonly number[]};
  if (sizes) return [sizes[0] as number];
  throw new ArgumentError("shrink needs the shape of one example: pass {inputShape: data.inputShape}.");
}

type Gone = Map<Features, Set<number>>;

/** What every layer that reads is given for one example of zeros: units without inputs give the same for any other. */
async function inputsOf(
  model: Layer,
  params: Params,
  inputShape: Shape,
  state: ModelState,
  graph: readonly Features[]
): Promise<Map<string, Float32Array>> {
  const readers = new Set(graph.flatMap((features) => features.readers));
  const seen = new Map<string, Tensor>();
  const see = (path: string, x: Tensor) => {
    if (readers.has(path)) seen.set(path, tf.keep(tf.clone(x)));
  };
  try {
    tidy(() => model.apply(params, tf.zeros([1, ...inputShape]), {training: false, state, see}).size);
    const read = async ([path, x]: [string, Tensor]) => [path, Float32Array.from(await x.data())] as const;
    return new Map(await Promise.all([...seen].map(read)));
  } finally {
    for (const x of seen.values()) x.dispose();
  }
}

function removeAsked(
  graph: readonly Features[],
  weights: HostWeights,
  gone: Gone,
  remove: Readonly<Record<string, readonly number[]>>
): void {
  for (const [path, units] of Object.entries(remove)) {
    const features = graph.find(({makers}) => makers.includes(path));
    if (!features || features.isFixed) {
      const free = graph.filter(({isFixed}) => !isFixed).flatMap(({makers}) => makers);
      throw new ArgumentError(
        `No units of "${path}" can be taken out; they can of ${free.join(", ") || "no layer"}.`
      );
    }
    for (const unit of units) {
      if (!Number.isInteger(unit) || unit < 0 || unit >= features.size)
        throw new ArgumentError(`${path} has the units 0 to ${features.size - 1}, got ${unit} to take out.`);
      takeOut(features, unit, weights, gone);
    }
    if (gone.get(features)?.size === features.size)
      throw new ArgumentError(
        `All ${features.size} units of ${path} are to be taken out: at least one must stay.`
      );
  }
}

/** Takes out what is useless now; true if there was something, so that there may be more. */
function removeUseless(
  graph: readonly Features[],
  weights: HostWeights,
  gone: Gone,
  inputs: ReadonlyMap<string, Float32Array>
): boolean {
  let found = false;
  for (const features of graph) {
    if (features.isFixed) continue;
    const {size, makers, readers} = features;
    const left = gone.get(features) as Set<number>;
    for (let unit = 0; unit < size && left.size < size - 1; ++unit) {
      if (left.has(unit)) continue;
      const isUnread = readers.every((reader) => weights.isUnread(reader, unit, size));
      const isConstant = () => makers.every((maker) => weights.isUnmade(maker, unit));
      if (!isUnread && !(isConstant() && folded(features, unit, weights, inputs))) continue;
      takeOut(features, unit, weights, gone);
      found = true;
    }
  }
  return found;
}

/** Adds a constant unit to the biases of its readers; false, and nothing is done, where one cannot take it. */
function folded(
  {readers, size}: Features,
  unit: number,
  weights: HostWeights,
  inputs: ReadonlyMap<string, Float32Array>
): boolean {
  const parts = readers.map((reader) => {
    const seen = inputs.get(reader) as Float32Array;
    const rows = weights.rowsOf(reader, unit, size);
    let isZero = true;
    for (let i = unit; i < seen.length; i += size) isZero &&= seen[i] === 0;
    return {reader, isZero, constants: rows.map((row) => ({row, value: seen[row] as number}))};
  });
  const canTake = parts.every(
    ({reader, isZero}) => isZero || (weights.isDense(reader) && weights.hasBias(reader))
  );
  if (canTake) for (const {reader, isZero, constants} of parts) if (!isZero) weights.fold(reader, constants);
  return canTake;
}

function takeOut(features: Features, unit: number, weights: HostWeights, gone: Gone): void {
  (gone.get(features) as Set<number>).add(unit);
  for (const maker of features.makers) weights.forget(maker, unit, "made");
  for (const reader of features.readers) weights.forget(reader, unit, {read: features.size});
}

interface Cut {
  inputShape: Shape;
  modelState: ModelState;
  weights: HostWeights;
  gone: Gone;
}

function rebuilt(model: Layer, params: Params, {inputShape, modelState, weights, gone}: Cut): Shrunk {
  const shapes = new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf.shape]));
  const slices = new Map<string, Map<number, readonly number[]>>();
  const slice = (path: string, axis: number, indices: readonly number[]) => {
    if (shapes.has(path)) slices.set(path, (slices.get(path) ?? new Map()).set(axis, indices));
  };
  const kept: Record<string, number[]> = {};
  const channels = new Map<string, number[]>();
  for (const [features, left] of gone) {
    if (left.size === 0 && features.makers.length === 0) continue;
    const stays = Array.from({length: features.size}, (_, unit) => unit).filter((unit) => !left.has(unit));
    for (const maker of features.makers) {
      kept[maker] = stays;
      slice(within(maker, "kernel"), (shapes.get(within(maker, "kernel")) as Shape).length - 1, stays);
      slice(within(maker, "bias"), 0, stays);
    }
    for (const reader of features.readers) {
      const kernel = shapes.get(within(reader, "kernel")) as Shape;
      const axis = kernel.length - 2;
      const rows = Array.from({length: kernel[axis] as number}, (_, row) => row);
      slice(
        within(reader, "kernel"),
        axis,
        rows.filter((row) => !left.has(row % features.size))
      );
    }
    for (const {path, axis} of features.followers) slice(path, axis, stays);
    for (const path of features.stateful) channels.set(path, stays);
  }
  return {
    model: resizedLayer(model, inputShape, "", kept),
    params: map((_leaf: Tensor, path) => weights.tensor(path, slices.get(path) ?? new Map()), params),
    modelState: Object.fromEntries(
      Object.entries(modelState).map(([path, state]) => [path, slicedState(state, channels.get(path))])
    ),
    kept
  };
}

function slicedState(state: Params, stays: number[] | undefined): Params {
  return map(
    (leaf: Tensor) => (stays ? tidy(() => tf.gather(leaf, tf.tensor1d(stays, "int32"))) : leaf.clone()),
    state
  );
}

/** The network with layers that make as many units as stayed. */
function resizedLayer(
  layer: Layer,
  shape: Shape,
  path: string,
  kept: Readonly<Record<string, number[]>>
): Layer {
  const units = kept[path];
  if (units && layer.resized) return layer.resized(units.length);
  if (!layer.withChildren || !layer.children) return layer;
  const children = layer.children(shape);
  const others = children.map((child) =>
    resizedLayer(child.layer, child.inputShape, within(path, child.name), kept)
  );
  // A network of layers names its parameters by theirs.
  return {...layer.withChildren(others), name: layer.name};
}
