// Layers one after the other, taken apart: what rules that need the whole network compute with.
import {activationGrad} from "../../gpu/kernels/activation-grad.ts";
import {matMul} from "../../gpu/kernels/matmul.ts";
import {type ActivationName, activationOf, isFused} from "../core/activations.ts";
import {backward, innerProduct} from "../core/backward.ts";
import {ArgumentError, checkCount, checkOptions, ShapeError} from "../core/errors.ts";
import type {Initializer} from "../core/initializers.ts";
import type {Key} from "../core/key.ts";
import {applyChild, initChild, inScope, type Layer, type Shape, shapeAfter} from "../core/layer.ts";
import {type Conv2dOptions, conv2d} from "../core/layers/conv2d.ts";
import {dense} from "../core/layers/dense.ts";
import type {Params} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {rowsOf} from "./block.ts";
import {checkFlag, checkInitializer} from "./checks.ts";

/** A convolution of a stack: its nonlinearity, bias and initialization are those of all layers. */
export type StackConv = Omit<Conv2dOptions, "activation" | "useBias" | "kernelInit" | "biasInit">;

export interface StackOptions {
  /** Units of dense layers, and convolutions before them; the last is dense, with a unit for each class: [300, 100, 10]. */
  layers: readonly (number | StackConv)[];
  /** The nonlinearity of the hidden layers, relu by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** The nonlinearity of the last layer; none by default. */
  outputActivation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the biases out with false. */
  useBias?: boolean;
  kernelInit?: Initializer;
  biasInit?: Initializer;
}

/** What a convolution may be told by itself; the rest is told to all layers. */
const convNames: Readonly<Record<keyof StackConv, true>> = {
  filters: true,
  kernelSize: true,
  strides: true,
  dilation: true,
  padding: true,
  groups: true
};

/** The names of the options of a stack, for rules that have options of their own beside them. */
export const stackOptionNames: Readonly<Record<keyof StackOptions, true>> = {
  layers: true,
  activation: true,
  outputActivation: true,
  useBias: true,
  kernelInit: true,
  biasInit: true
};

/** Parameters of one layer: kernel [in, units] or HWIO, bias [units]. */
export type StackLayerParams = {kernel: Tensor; bias?: Tensor};

/** Parameters by layer: {layer1: {kernel, bias}, ...}. */
export type StackParams = Record<string, StackLayerParams>;

/** What a pass through a stack computes, layer by layer. */
export interface Passed {
  /** What each layer was given, before it is flattened for a dense layer. */
  inputs: Tensor[];
  /** input kernel + bias. */
  sums: Tensor[];
  /** The nonlinearities of the sums. The last is what the stack gives. */
  activations: Tensor[];
}

/** Sees what a layer computes in a pass, and returns what the pass goes on with. */
export interface Passing {
  sum?(index: number, sum: Tensor): Tensor;
  /** Of hidden layers: what the next one is given. */
  activation?(index: number, activation: Tensor): Tensor;
}

/** Where a layer stands in a stack. */
export interface StackPlace {
  readonly name: string;
  readonly layer: Layer;
  /** What the layer takes, for one example: flattened for dense layers. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** [in, units] or HWIO. */
  readonly kernelShape: Shape;
}

/** Dense layers and convolutions, one after the other, whose sums, nonlinearities and products back can be had apart. */
export interface Stack {
  /** layer1, layer2, ... */
  readonly names: readonly string[];
  /** Units of the last layer. */
  readonly outputs: number;
  places(inputShape: Shape): StackPlace[];
  init(key: Key, inputShape: Shape, path?: string): StackParams;
  /** A pass that can be differentiated: [batch, ...] -> all that lies on the way. */
  forward(params: StackParams, x: Tensor, passing?: Passing): Passed;
  /** input kernel + bias of one layer. */
  sum(index: number, params: StackLayerParams, input: Tensor): Tensor;
  /** The nonlinearity of one layer. */
  activate(index: number, sum: Tensor): Tensor;
  /** What comes back through the nonlinearity of one layer: upstream x f'(sum). It has no gradient. */
  through(index: number, upstream: Tensor, at: {sum: Tensor; activation: Tensor}): Tensor;
  /** What comes back through a kernel of one layer, its own or another of that shape, in the shape of `input`. It has no gradient. */
  back(index: number, kernel: Tensor, delta: Tensor, input: Tensor): Tensor;
  /** The gradients of the sum over all elements of delta x sum, delta in the shape of the layer's sums. They have no gradient. */
  grads(index: number, params: StackLayerParams, input: Tensor, delta: Tensor): StackLayerParams;
}

/**
 * A stack of dense layers, and convolutions before them. Images are flattened where the first dense layer takes them.
 * Throws an ArgumentError without layers, for sizes that are no whole numbers, and where the last layer is a convolution.
 */
export function stack(options: StackOptions): Stack {
  const {layers: specs, useBias = true, kernelInit, biasInit} = checked(options);
  const last = specs.length - 1;
  const names = specs.map((_, i) => `layer${i + 1}`);
  const named = (i: number) =>
    i === last ? (options.outputActivation ?? "linear") : (options.activation ?? "relu");
  const isDense = (i: number) => typeof specs[i] === "number";
  const made = (i: number, activation: ReturnType<typeof named>): Layer => {
    const spec = specs[i] as number | StackConv;
    const all = {activation, useBias, kernelInit, biasInit};
    return (typeof spec === "number" ? dense({units: spec, ...all}) : conv2d({...spec, ...all})) as Layer;
  };
  const whole = specs.map((_, i) => made(i, named(i)));
  const linear = specs.map((_, i) => made(i, "linear"));
  const functions = specs.map((_, i) => activationOf(named(i)));
  const taken = (i: number, input: Tensor) => (isDense(i) ? rowsOf(input) : input);

  const sum: Stack["sum"] = (i, params, input) =>
    (linear[i] as Layer).apply(params as Params, taken(i, input), {path: names[i] as string});

  const places = (inputShape: Shape): StackPlace[] => {
    let shape = inputShape;
    return whole.map((layer, i) => {
      const input = isDense(i) ? [shape.reduce((size, dim) => size * dim, 1)] : shape;
      shape = shapeAfter(layer, input);
      const kernelShape = kernelShapeOf(specs[i] as number | StackConv, input);
      return {name: names[i] as string, layer, inputShape: input, outputShape: shape, kernelShape};
    });
  };

  return {
    names,
    outputs: specs[last] as number,
    places,
    init: (key, inputShape, path) =>
      Object.fromEntries(
        places(inputShape).map(({name, layer, inputShape: shape}, index) => [
          name,
          initChild({layer, name, index}, key, shape, path) as StackLayerParams
        ])
      ),
    forward(params, x, passing = {}) {
      const passed: Passed = {inputs: [], sums: [], activations: []};
      if (x.shape[0] === 0)
        throw new ShapeError(`Expected a batch with at least one row, got [${x.shape.join(", ")}].`);
      let at = x;
      for (const [i, name] of names.entries()) {
        const own = sum(i, params[name] as StackLayerParams, at);
        const summed = passing.sum ? passing.sum(i, own) : own;
        const value = (functions[i] as (x: Tensor) => Tensor)(summed);
        passed.inputs.push(at);
        passed.sums.push(summed);
        passed.activations.push(value);
        at = passing.activation && i < last ? passing.activation(i, value) : value;
      }
      return passed;
    },
    sum,
    activate: (i, summed) => (functions[i] as (x: Tensor) => Tensor)(summed),
    through: (i, upstream, at) => throughActivation(named(i), upstream, at),
    back: (i, kernel, delta, input) =>
      tidy(() =>
        isDense(i)
          ? tf.reshape(matMul(delta, kernel, undefined, {transposeB: true}), input.shape)
          : pulledBack((linear[i] as Layer).apply, {kernel}, input, delta).input
      ),
    grads: (i, params, input, delta) =>
      tidy(() => {
        const given = taken(i, input);
        if (!isDense(i)) return pulledBack((linear[i] as Layer).apply, params, given, delta).params;
        const kernel = matMul(given, delta, undefined, {transposeA: true});
        return params.bias ? {kernel, bias: columnSums(delta)} : {kernel};
      })
  };
}

/** A stack as a network: its parameters and what it gives. A rule adds how it learns. */
export function stackLayer(name: string, layers: Stack): Layer<StackParams> {
  return {
    name,
    init: layers.init,
    apply: (params, x, context) =>
      inScope(context, (inner) =>
        layers.places(x.shape.slice(1)).reduce((at, place, index) => {
          const given = place.inputShape.length === 1 ? rowsOf(at) : at;
          return applyChild({...place, index}, params[place.name] as Params, given, inner);
        }, x)
      ),
    outputShape: () => [layers.outputs],
    children: layers.places
  };
}

function kernelShapeOf(spec: number | StackConv, inputShape: Shape): Shape {
  const inputs = inputShape.at(-1) as number;
  if (typeof spec === "number") return [inputs, spec];
  const {kernelSize, filters, groups = 1} = spec;
  const size = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
  return [...size, inputs / groups, filters];
}

/** upstream x f'(sum), which follows from the value f(sum) for the nonlinearities that kernels know. */
function throughActivation(
  activation: ActivationName | ((x: Tensor) => Tensor),
  upstream: Tensor,
  {sum, activation: value}: {sum: Tensor; activation: Tensor}
): Tensor {
  if (activation === "linear") return tf.clone(upstream);
  return tidy(() => {
    if (!isFused(activation)) {
      const f = activationOf(activation);
      return backward(() => innerProduct(f(sum), upstream), [sum]).grads[0] as Tensor;
    }
    const rows = (x: Tensor) => tf.reshape(x, [-1, x.shape.at(-1) as number]);
    const [, delta] = activationGrad({dy: rows(upstream), y: rows(value)}, {activation});
    return tf.reshape(delta as Tensor, upstream.shape);
  });
}

/** What comes back through a convolution: the transpose of what it does to its input, and to its parameters. */
function pulledBack(apply: Layer["apply"], params: StackLayerParams, input: Tensor, delta: Tensor) {
  const {kernel, bias} = params;
  const {grads} = backward(
    () => innerProduct(apply(params, input), delta),
    bias ? [input, kernel, bias] : [input, kernel]
  );
  const [byInput, byKernel, byBias] = grads as [Tensor, Tensor, Tensor | undefined];
  return {input: byInput, params: byBias ? {kernel: byKernel, bias: byBias} : {kernel: byKernel}};
}

/** The sum of all rows, in order: the same bits every time. */
function columnSums(rows: Tensor): Tensor {
  return activationGrad({dy: rows}, {activation: "linear"})[0] as Tensor;
}

function checked(options: StackOptions): StackOptions {
  const {layers} = options;
  if (!Array.isArray(layers) || layers.length === 0)
    throw new ArgumentError(
      `layers must be the units of each layer, the last of them a unit for each class, e.g. [300, 100, 10]; got ${JSON.stringify(layers)}.`
    );
  for (const [i, spec] of layers.entries()) {
    const isConv = typeof spec === "object" && spec !== null;
    if (isConv) checkOptions(`layers[${i}]`, spec, convNames);
    else checkCount(`layers[${i}]`, spec as number);
    if (isConv && typeof layers[i - 1] === "number")
      throw new ArgumentError(`layers[${i}] is a convolution after a dense layer: put convolutions first.`);
  }
  checkFlag("useBias", options.useBias);
  checkInitializer("kernelInit", options.kernelInit);
  checkInitializer("biasInit", options.biasInit);
  if (typeof layers.at(-1) !== "number")
    throw new ArgumentError(
      "The last of layers must be a number, the units that tell the classes; got a convolution."
    );
  return options;
}
