import type {HeapBackend, Specs} from "../kernel.ts";
import type {FusedActivation} from "../kernels/activation-grad.ts";
import type {AdamAttrs} from "../kernels/adam.ts";
import type {GoodnessGradsAttrs} from "../kernels/goodness-grads.ts";
import type {GoodnessAttrs} from "../kernels/goodness-rows.ts";
import type {NormAttrs} from "../kernels/norm.ts";
import type {CrossEntropyAttrs} from "../kernels/softmax-cross-entropy.ts";
import type {SplineAttrs, SplineBase} from "../kernels/spline-grid.ts";
import type {Window2d} from "../kernels/window.ts";
import type * as tf from "../tfjs.ts";
import {groupedKernels} from "./grouped-kernels.ts";
import {addressOf} from "./heap.ts";
import {nativeHeap} from "./native.ts";
import {ACTIVATIONS, type NativeKernel} from "./native-kernel.ts";
import {sparseKernels} from "./sparse-kernels.ts";

const sizeOf = (shape: readonly number[] = []) => shape.reduce((size, dim) => size * dim, 1);

/** Images of a batch, and their window, in the order in which our WebAssembly takes them. */
function windowsOf(specs: Specs, input: string, sizeOfOne: number, window: Window2d): number[] {
  const {height, width, channels, rows, columns, strideY, strideX, dilationY, dilationX, top, left} = window;
  const steps = [strideY, strideX, dilationY, dilationX, top, left, window.outHeight, window.outWidth];
  return [sizeOf(specs[input]?.shape) / sizeOfOne, height, width, channels, rows, columns, ...steps];
}

const imageSize = ({height, width, channels}: Window2d) => height * width * channels;
const pooledSize = ({outHeight, outWidth, channels}: Window2d) => outHeight * outWidth * channels;

/** Rows and features of what is normalised or made a softmax of. */
function rowsOf(specs: Specs, input: string): [rows: number, features: number] {
  const shape = specs[input]?.shape ?? [];
  const features = shape.at(-1) ?? 0;
  return [sizeOf(shape) / features, features];
}

const norm: NativeKernel<NormAttrs> = ({native, at, outputs: [y = 0, moments = 0], attrs, specs}) =>
  native.norm(
    at("x"),
    at("scale"),
    at("bias"),
    y,
    moments,
    ...rowsOf(specs, "x"),
    attrs.epsilon,
    Number(attrs.centred)
  );

/** How our WebAssembly numbers the functions beside splines. */
const BASES: Record<SplineBase, number> = {zero: 0, identity: 1, silu: 2};

/** Sizes, degree and grid of a layer of splines. */
function splineOf(specs: Specs, {order, intervals, base, low, high}: SplineAttrs): number[] {
  const [rows = 0, inputs = 0] = specs.x?.shape ?? [];
  const outputs = specs.coefficients?.shape[2] ?? specs.dy?.shape[1] ?? 0;
  return [rows, inputs, outputs, order, intervals, BASES[base], low, intervals / (high - low)];
}

const spline: NativeKernel<SplineAttrs> = ({native, scratch, at, outputs: [y = 0], attrs, specs}) => {
  const layer = [at("x"), at("coefficients"), at("baseWeights"), at("knots")];
  return Boolean(native.splineForward(...layer, y, scratch, ...splineOf(specs, attrs)));
};

/** Kernels, by name, of which our WebAssembly has a faster form than their twins; the same arguments and results. */
const kernels = {
  PetriActivationGrad: (({native, at, outputs: [bias = 0, sums = 0], attrs, specs}) => {
    const [rows = 0, units = 0] = specs.dy?.shape ?? [];
    native.activationGrad(at("dy"), at("y"), bias, sums, rows, units, ACTIVATIONS[attrs.activation]);
  }) satisfies NativeKernel<{activation: FusedActivation}>,

  PetriAdam: (({native, at, outputs, attrs, specs}) => {
    const {rate, unbias, beta1, beta2, eps, decay, keep} = attrs;
    const tensors = [at("param"), at("grad"), at("mu"), at("nu"), ...outputs];
    const numbers = [rate, unbias, beta1, 1 - beta1, beta2, 1 - beta2, eps, keep - decay];
    native.adam(...tensors, sizeOf(specs.param?.shape), ...numbers);
  }) satisfies NativeKernel<AdamAttrs>,

  PetriCrossEntropyParts: (({native, at, outputs: [loss = 0, slopes = 0], attrs, specs}) => {
    const [rows = 0, classes = 0] = specs.logits?.shape ?? [];
    if (specs.labels?.dtype !== "int32" || specs.labels.shape.length !== 1) return false;
    const {labelSmoothing, reduction} = attrs;
    const targets = [1 - labelSmoothing, labelSmoothing / classes];
    const weight = reduction === "mean" ? 1 / rows : 1;
    const summed = Number(reduction !== "none");
    native.crossEntropy(at("logits"), at("labels"), loss, slopes, rows, classes, ...targets, weight, summed);
  }) satisfies NativeKernel<CrossEntropyAttrs>,

  PetriPatches: (({native, at, outputs: [to = 0], attrs, specs}) =>
    native.patches(
      at("images"),
      to,
      ...windowsOf(specs, "images", imageSize(attrs), attrs)
    )) satisfies NativeKernel<Window2d>,

  PetriFoldPatches: (({native, at, outputs: [images = 0], attrs, specs}) => {
    const sizeOfOne = attrs.outHeight * attrs.outWidth * attrs.rows * attrs.columns * attrs.channels;
    native.foldPatches(at("patches"), images, ...windowsOf(specs, "patches", sizeOfOne, attrs));
  }) satisfies NativeKernel<Window2d>,

  PetriMaxPool: (({native, at, outputs: [values = 0, winners = 0], attrs, specs}) =>
    native.maxPool(
      at("images"),
      values,
      winners,
      ...windowsOf(specs, "images", imageSize(attrs), attrs)
    )) satisfies NativeKernel<Window2d>,

  PetriMaxUnpool: (({native, at, outputs: [images = 0], attrs, specs}) =>
    native.maxUnpool(
      at("dy"),
      at("winners"),
      images,
      ...windowsOf(specs, "dy", pooledSize(attrs), attrs)
    )) satisfies NativeKernel<Window2d>,

  PetriGoodnessRows: (({native, at, outputs, attrs, specs}) => {
    const {positives, threshold, share, spread, epsilon} = attrs;
    const sizes = specs.z?.shape ?? [];
    native.goodnessRows(
      at("z"),
      at("extra"),
      ...outputs,
      ...sizes,
      positives,
      threshold,
      share,
      spread,
      epsilon
    );
  }) satisfies NativeKernel<GoodnessAttrs>,

  PetriGoodnessGrads: (({native, scratch, at, outputs, attrs: {positives, straightThrough}, specs}) => {
    const tensors = [at("a"), at("b"), at("factors"), at("offsets"), ...outputs, scratch];
    const sizes = [...(specs.a?.shape ?? []), specs.b?.shape[1] ?? 0];
    native.goodnessGrads(...tensors, ...sizes, positives, Number(straightThrough));
  }) satisfies NativeKernel<GoodnessGradsAttrs>,

  PetriNorm: norm,
  PetriNormScaled: norm,
  PetriNormAffine: norm,

  PetriNormInputGrad: (({native, at, outputs: [dx = 0], attrs, specs}) =>
    native.normInputGrad(
      at("dy"),
      at("x"),
      at("moments"),
      at("scale"),
      dx,
      ...rowsOf(specs, "x"),
      Number(attrs.centred)
    )) satisfies NativeKernel<NormAttrs>,

  PetriNormParamsGrad: (({native, at, outputs: [scale = 0, bias = 0], specs}) =>
    native.normParamsGrad(
      at("dy"),
      at("x"),
      at("moments"),
      scale,
      bias,
      ...rowsOf(specs, "x")
    )) satisfies NativeKernel<NormAttrs>,

  ...sparseKernels,
  ...groupedKernels,

  PetriSplineDense: spline,
  PetriSplineDenseBased: spline,
  PetriSplineDenseKnots: spline,
  PetriSplineDenseBasedKnots: spline,

  PetriSplineDenseInputGrad: (({native, scratch, at, outputs: [dx = 0], attrs, specs}) => {
    const layer = [at("x"), at("coefficients"), at("baseWeights"), at("knots"), at("dy")];
    return Boolean(native.splineInputGrad(...layer, dx, scratch, ...splineOf(specs, attrs)));
  }) satisfies NativeKernel<SplineAttrs>,

  PetriSplineDenseWeightGrads: (({native, scratch, at, outputs, attrs, specs}) => {
    const [coefficients = 0, baseWeights = 0] = outputs;
    const layer = [at("x"), coefficients, baseWeights, at("knots"), at("dy")];
    return Boolean(native.splineWeightGrads(...layer, scratch, ...splineOf(specs, attrs)));
  }) satisfies NativeKernel<SplineAttrs>,

  PetriGeluTanh: (({native, at, outputs: [y = 0], specs}) =>
    native.geluTanh(at("x"), y, sizeOf(specs.x?.shape))) satisfies NativeKernel<object>,

  PetriGeluTanhGrad: (({native, at, outputs: [dx = 0], specs}) =>
    native.geluTanhGrad(at("dy"), at("x"), dx, sizeOf(specs.x?.shape))) satisfies NativeKernel<object>
};

/**
 * Runs a kernel in our WebAssembly, on a backend's heap. False where there is none for it or for these arguments, or no WebAssembly with
 * SIMD: its twin does the same then.
 */
export function runNative(
  name: string,
  backend: HeapBackend,
  inputs: Readonly<Record<string, tf.TensorInfo | undefined>>,
  outputs: readonly tf.TensorInfo[],
  attrs: object
): boolean {
  const kernel = (kernels as unknown as Record<string, NativeKernel<object> | undefined>)[name];
  const heap = kernel && nativeHeap(backend);
  if (!heap) return false;
  // What is empty has no rows to be counted; its twin knows what comes of it.
  const infos = Object.values(inputs).filter((info) => info !== undefined && info !== null);
  if ([...infos, ...outputs].some(({shape}) => shape.includes(0))) return false;
  const at = (input: string) => {
    const info = inputs[input];
    return info ? addressOf(heap.backend, info) : 0;
  };
  const addresses = outputs.map((info) => addressOf(heap.backend, info));
  const {native, scratch} = heap;
  const run = {native, scratch, at, outputs: addresses, attrs, specs: inputs as unknown as Specs};
  return kernel(run) !== false;
}
