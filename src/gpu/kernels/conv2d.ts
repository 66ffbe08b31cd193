import {runKernel} from "../kernel.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import type {WebGpuBackend} from "../tfjs-webgpu.ts";
import {dispatch} from "../webgpu-dispatch.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {forwardOn} from "./conv2d-choice.ts";
import {conv2dInputGrad, conv2dKernelGrad} from "./conv2d-grads.ts";
import {denseGrads} from "./dense.ts";
import {foldPatches, patches} from "./patches.ts";
import {cellsOf, positionsOf, type Window2d} from "./window.ts";

const NAME = "PetriConv2d";

interface Conv2dAttrs {
  window: Window2d;
  activation: FusedActivation;
}

/**
 * activation(x * kernel + bias), the cross-correlation of images [batch, height, width, in] with a kernel
 * [rows, columns, in, out], as the product of the windows' contents with the kernel's matrix. On webgpu each of the
 * product and its gradients is one dispatch that reads windows from the images; elsewhere windows are written out, because fast products
 * exist only for matrices. tfjs has no gradients of convolutions for wasm, and none for dilated ones. Only x is kept for
 * the gradient, not the windows, which are larger.
 */
export function conv2dProduct(
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor | undefined,
  window: Window2d,
  activation: FusedActivation
): tf.Tensor {
  const inputs = {x, kernel, bias: bias ?? tf.zeros([kernel.shape[3] ?? 0])};
  return runKernel(NAME, inputs, {window, activation})[0] as tf.Tensor;
}

/** True where a window sees one pixel at a time: the image is its own matrix of windows. */
const isPixelwise = (window: Window2d) =>
  cellsOf(window) === 1 &&
  window.outHeight === window.height &&
  window.outWidth === window.width &&
  window.top === 0 &&
  window.left === 0;

const matrixOf = (window: Window2d, out: number) => [cellsOf(window) * window.channels, out];

/** Where windows are not read on the fly: elsewhere than on webgpu, and where there is no need, the images being matrices. */
const isByMatrices = (backendName: string, window: Window2d) =>
  backendName !== "webgpu" || isPixelwise(window);

type Inputs = Record<"x" | "kernel" | "bias", tf.TensorInfo>;

for (const backendName of ["cpu", "wasm", "webgpu"]) {
  tf.registerKernel({
    kernelName: NAME,
    backendName,
    kernelFunc({inputs, backend, attrs}) {
      const conv = attrs as unknown as Conv2dAttrs;
      const run = isByMatrices(backendName, conv.window) ? byMatrices : onTheFly;
      return run(inputs as Inputs, conv, backend as tf.KernelBackend, backendName);
    }
  });
}

const outputShape = ({x, kernel}: Inputs, {outHeight, outWidth}: Window2d) => [
  x.shape[0] as number,
  outHeight,
  outWidth,
  kernel.shape[3] as number
];

function onTheFly(inputs: Inputs, {window, activation}: Conv2dAttrs, backend: tf.KernelBackend) {
  const shape = outputShape(inputs, window);
  const [batch = 0, , , filters = 0] = shape;
  const operands = (["x", "kernel", "bias"] as const).map((name) => ({name, info: inputs[name]}));
  const {device} = backend as unknown as WebGpuBackend;
  const kernel = forwardOn(device, {window, filters, activation, batch});
  return dispatch(backend, NAME, operands, [{shape, dtype: "float32"}], kernel)[0] as tf.TensorInfo;
}

function byMatrices(
  inputs: Inputs,
  {window, activation}: Conv2dAttrs,
  backend: tf.KernelBackend,
  backendName: string
) {
  const {x, kernel, bias} = inputs;
  const run = (name: string, operands: object, attrs: object) => {
    const {kernelFunc} = tf.getKernel(name, backendName) as tf.KernelConfig;
    const out = kernelFunc({inputs: operands, backend, attrs} as never);
    return (Array.isArray(out) ? out[0] : out) as tf.TensorInfo;
  };
  const shape = outputShape(inputs, window);
  const [batch = 0, , , filters = 0] = shape;
  const pixels = [batch * positionsOf(window), window.channels];
  const seen = isPixelwise(window) ? {...x, shape: pixels} : run("PetriPatches", {images: x}, window);
  const operands = {a: seen, b: {...kernel, shape: matrixOf(window, filters)}, bias};
  const product = run("PetriMatMul", operands, {activation});
  if (!isPixelwise(window)) backend.disposeData(seen.dataId);
  return {...product, shape};
}

type Saved = [x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, y: tf.Tensor];

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["x", "kernel", "bias"],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const conv = attrs as unknown as Conv2dAttrs;
    const grads =
      isRecording() || isByMatrices(tf.getBackend(), conv.window) ? gradsByMatrices : gradsOnTheFly;
    return grads(dy as tf.Tensor, saved as Saved, conv);
  }
});

function gradsOnTheFly(dy: tf.Tensor, [x, kernel, , y]: Saved, {window, activation}: Conv2dAttrs) {
  const attrs = {window, activation, filters: kernel.shape[3] as number};
  const upstream: Record<string, tf.Tensor> = activation === "linear" ? {dy} : {dy, y};
  // Made here, not in the closures: tfjs frees what one closure makes before it calls the next.
  const [kernelGrad, biasGrad] = conv2dKernelGrad({x, ...upstream}, attrs) as [tf.Tensor, tf.Tensor];
  return {
    x: () => conv2dInputGrad({...upstream, kernel}, attrs)[0] as tf.Tensor,
    kernel: () => kernelGrad,
    bias: () => biasGrad
  };
}

function gradsByMatrices(dy: tf.Tensor, [x, kernel, bias, y]: Saved, {window, activation}: Conv2dAttrs) {
  const filters = kernel.shape[3] as number;
  const seen = isPixelwise(window) ? tf.reshape(x, [-1, window.channels]) : patches(x, window);
  const matrix = tf.reshape(kernel, matrixOf(window, filters));
  const flat = (images: tf.Tensor) => tf.reshape(images, [-1, filters]);
  const grads = denseGrads(flat(dy), [seen, matrix, bias, flat(y)], activation);
  return {
    x: () => (isPixelwise(window) ? tf.reshape(grads.a(), x.shape) : foldPatches(grads.a(), window)),
    kernel: () => tf.reshape(grads.b(), kernel.shape),
    bias: () => grads.bias()
  };
}
