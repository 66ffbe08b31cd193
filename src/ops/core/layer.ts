// What a layer is, and what layers that hold others need.
import type {FusedActivation} from "../../gpu/kernels/activation-grad.ts";
import {type Tensor, tidy} from "../tf.ts";
import type {ActivationName} from "./activations.ts";
import {ShapeError} from "./errors.ts";
import {type Key, key as keyOf} from "./key.ts";
import type {Params} from "./tree.ts";

/** Sizes of a tensor's dimensions. Layers speak of shapes without the batch dimension. */
export type Shape = readonly number[];

/** What layers keep from step to step besides parameters, e.g. running means, by the layer's path. */
export type ModelState = Readonly<Record<string, Params>>;

/** What a layer may want to know while it is applied. */
export interface Context {
  /** True while gradients are taken: dropout drops, batch norms use the batch. */
  training?: boolean;
  /** The source of randomness of this application; layers that need none ignore it. */
  key?: Key;
  /** Where the layer sits in the network, e.g. "dense1"; for messages, state and taps. */
  path?: string;
  /** What stateful layers left after the last step: see `initState`. */
  state?: ModelState;
  /** Takes the state of the layer at a path after this step. The tensors are given to whoever called the network's `apply`. */
  setState?(path: string, state: Params): void;
  /**
   * Takes something that training shall make small besides the task's loss, already weighted: the balance loss of a router,
   * say. A scalar, given to whoever called the network's `apply`; `fit` adds it to the loss.
   */
  addLoss?(loss: Tensor): void;
  /** Leaves a tensor for the layers that come later in this application, under a name; it lives until the application ends. */
  leave?(name: string, tensor: Tensor): void;
  /** What an earlier layer of this application has left under a name: "tokens" by embedding, for one. */
  left?(name: string): Tensor | undefined;
  /** Sees the output of every layer inside a container, and returns what the network goes on with. Both are given to the caller. */
  tap?(path: string, y: Tensor): Tensor;
  /** Sees what every layer inside a container is given, while it is applied: keep or clone nothing of it but what `tf.keep` holds. */
  see?(path: string, x: Tensor): void;
  /** Which time steps are there, [batch, time] of 1 and 0: attention looks at no other. */
  mask?: Tensor;
  /** The graph that x lives on, its normalised adjacency [nodes, nodes] or [batch, nodes, nodes]: for graphConv. */
  adjacency?: Tensor;
}

/** A layer inside another one: its name in the tree of parameters and the shape of what it is given. */
export interface Child {
  readonly name: string;
  readonly layer: Layer;
  readonly inputShape: Shape;
}

/** activation(x kernel + bias) for a kernel kept in some form of its own, with an activation that kernels can fuse. */
export type LinearProduct = (layer: {
  x: Tensor;
  kernel: Tensor;
  bias: Tensor | undefined;
  activation: FusedActivation;
}) => Tensor;

/** What a network that learns by a rule of its own is told in a step. */
export interface LearningContext extends Context {
  /**
   * Takes what stands for the gradient of one child of the parameters, by its name: the optimizer goes down it at once, with a
   * state of its own for each child. `learn` goes on with the parameters it was given; the update shows in the next step.
   * An update of the same child in the same step goes on from the one before. With `isLast`, `learn` has looked at what it was
   * given of this child for the last time, also for `outputs`: it may be freed at once.
   */
  update(name: string, grads: Params, isLast?: boolean): void;
  /** Whether `outputs` will be asked for: a rule that lets go of parameters has to compute them before. */
  readonly wantsOutputs?: boolean;
  /** A child after the updates of this step so far, for rules that make several: it lives until the step ends. */
  updated?(name: string): Params;
}

/** What came of a step of a network that learns by a rule of its own. The tensors belong to the caller. */
export interface Learned {
  /** What the rule made small on this batch, before its updates: a scalar. */
  loss: Tensor;
  /** What `apply` gives for the batch before the updates: asked for in steps whose accuracy or metrics are wanted. */
  outputs(): Tensor;
  /** Scalars, in the order of the names in `figures`. */
  figures?: readonly Tensor[];
}

/** A way to learn without the gradient of the task's loss going back through the network. */
export interface Learning<P extends Params = Params> {
  /** The names that further numbers of a step have in the rows of a training, e.g. "goodness1". */
  readonly figures?: readonly string[];
  /**
   * The classes that labels may be of: so many, as many as the model has "outputs", or "any", where the rule knows what labels
   * mean; those that the data tells where nothing is said. `fit` refuses data with others.
   */
  readonly classes?: number | "outputs" | "any";
  /** One step on a batch. Losses given to `addLoss` are not heeded: the rule adds its own. */
  learn(params: P, x: Tensor, y: Tensor, context: LearningContext): Learned;
}

/** A module in the manner of flax: parameters are made by `init` and passed to `apply`; the layer itself holds none. */
export interface Layer<P extends Params = Params> {
  /** Names the layer's parameters in the tree of a network: "dense" becomes "dense1", "dense2", ... */
  readonly name: string;
  /** Fresh parameters for inputs of this shape (without the batch). The caller owns them. `path` is for messages. */
  init(key: Key, inputShape: Shape, path?: string): P;
  /** The output for a batch: [batch, ...inputShape] -> [batch, ...outputShape]. */
  apply(params: P, x: Tensor, context?: Context): Tensor;
  /** The shape of one output for one input; left out when it is the same. */
  outputShape?(inputShape: Shape): Shape;
  /**
   * What the layer keeps besides parameters, before the first step: what changes from step to step, and what is random and
   * stays as it is, which optimizers shall not see. The caller owns it.
   */
  initState?(inputShape: Shape, key: Key): Params;
  /** The layers inside, in order of application; containers have them. */
  children?(inputShape: Shape): readonly Child[];
  /** Floating-point operations for one example, a multiplication and its addition being two; without those of children. */
  flops?(inputShape: Shape): number;
  /** The same layer with so many units or channels coming out; layers that make new ones have it. */
  resized?(outputs: number): Layer;
  /** The same layer, its bias and activation, around another product; dense layers have it. Its `kernel` is whatever the product takes. */
  withProduct?(product: LinearProduct): Layer;
  /** The nonlinearity at the end of the layer; dense layers tell it, for rules that know its gradient. */
  readonly activation?: ActivationName | ((x: Tensor) => Tensor);
  /** How the network learns where it does not by backpropagation; `fit` then does as it says. Containers do not look for it. */
  readonly learning?: Learning<P>;
  /** The same container around other layers, in the order of `children`; their names stay. */
  withChildren?(layers: readonly Layer[]): Layer;
}

/** The shape that comes out of a layer for one example. */
export function shapeAfter(layer: Layer, inputShape: Shape): Shape {
  return layer.outputShape ? layer.outputShape(inputShape) : inputShape;
}

/**
 * The state of a network before the first step, by the path of each layer that keeps one; empty for most networks. The key is
 * for layers that keep something random, each with a key of its own. The caller owns the tensors.
 */
export function initState(model: Layer, inputShape: Shape, key: Key = keyOf(0)): Record<string, Params> {
  const states: Record<string, Params> = {};
  let count = 0;
  visit(model, inputShape, "", (layer, shape, path) => {
    const state = layer.initState?.(shape, key.fold(count++));
    if (state) states[path || layer.name] = state;
  });
  return states;
}

/**
 * Floating-point operations of a forward pass for one example: two for each multiplication with its addition. Layers that do not tell count as none.
 *
 * @example
 * import {flops, key, mlp, tree} from "petri/core";
 *
 * const model = mlp([784, 300, 100, 10]);
 * display({flops: flops(model, [784]), parameters: tree.size(model.init(key(0)))});
 */
export function flops(model: Layer, inputShape: Shape): number {
  let sum = 0;
  visit(model, inputShape, "", (layer, shape) => {
    sum += layer.flops?.(shape) ?? 0;
  });
  return sum;
}

function visit(
  layer: Layer,
  shape: Shape,
  path: string,
  see: (layer: Layer, shape: Shape, path: string) => void
): void {
  see(layer, shape, path);
  for (const {name, layer: child, inputShape} of layer.children?.(shape) ?? []) {
    visit(child, inputShape, join(path, name), see);
  }
}

function join(path: string | undefined, name: string): string {
  return path ? `${path}/${name}` : name;
}

/** A layer in its place among the layers of a container. */
interface Placed {
  layer: Layer;
  name: string;
  index: number;
}

/** The parameters of a layer inside a container, from a key of its own. */
export function initChild({layer, name, index}: Placed, key: Key, shape: Shape, path: string | undefined) {
  return layer.init(key.fold(index), shape, join(path, name));
}

/** Applies a layer inside a container: under its own path, with a key of its own, and past the tap. */
export function applyChild(
  {layer, name, index}: Placed,
  params: Params,
  x: Tensor,
  context: Context | undefined
): Tensor {
  const path = join(context?.path, name);
  context?.see?.(path, x);
  const y = layer.apply(params, x, {...context, path, key: context?.key?.fold(index)});
  return context?.tap ? context.tap(path, y) : y;
}

/**
 * What a container computes, in a scope of its own: everything is freed but the result, the states that layers set, the
 * losses they add, what they leave for layers outside, and what taps saw and returned.
 */
export function inScope(
  context: Context | undefined,
  compute: (context: Context | undefined) => Tensor
): Tensor {
  const states: [string, Params][] = [];
  const tapped: Tensor[] = [];
  const losses: Tensor[] = [];
  const left = new Map<string, Tensor>();
  const {setState, tap, addLoss, leave} = context ?? {};
  const inner: Context = {
    ...context,
    leave: (name, tensor) => left.set(name, tensor),
    left: (name) => left.get(name) ?? context?.left?.(name)
  };
  if (addLoss) inner.addLoss = (loss) => losses.push(loss);
  if (setState) inner.setState = (path, state) => states.push([path, state]);
  if (tap) {
    inner.tap = (path, y) => {
      const replaced = tap(path, y);
      tapped.push(y, replaced);
      return replaced;
    };
  }
  const [y] = tidy(() => {
    const result = compute(inner);
    return [result, states, tapped, losses, leave ? [...left.values()] : []] as const;
  });
  for (const [path, state] of states) setState?.(path, state);
  for (const loss of losses) addLoss?.(loss);
  for (const [name, tensor] of left) leave?.(name, tensor);
  return y;
}

/** Names layers by kind and count: dense1, dense2, ... */
export function numbered(layers: readonly Layer[]): string[] {
  const counts = new Map<string, number>();
  return layers.map(({name}) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${name}${count}`;
  });
}

/** Throws a ShapeError that says where, what was expected and what came. */
export function expectShape(
  condition: boolean,
  path: string,
  expected: string,
  got: Shape
): asserts condition {
  if (!condition)
    throw new ShapeError(`${path}: expected an input of shape ${expected}, got [${got.join(", ")}].`);
}

/** Throws a ShapeError unless the last dimension is that of the parameters, where there are any. */
export function expectFeatures(params: Tensor | undefined, x: Tensor, path: string): void {
  const features = params?.shape[0] ?? x.shape.at(-1);
  expectShape(x.rank > 1 && x.shape.at(-1) === features, path, `[batch, ..., ${features}]`, x.shape);
}
