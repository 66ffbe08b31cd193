import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import type {FusedActivation} from "./activation-grad.ts";
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
 * [rows, columns, in, out], as the product of the windows' contents with the kernel's matrix. tfjs has no gradients of
 * convolutions for wasm, and none for dilated ones. Only x is kept for the gradient, not the windows, which are larger.
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

for (const backendName of ["cpu", "wasm", "webgpu"]) {
  const run = (name: string, inputs: object, backend: object, attrs: object) => {
    const kernel = tf.getKernel(name, backendName) as tf.KernelConfig;
    const out = kernel.kernelFunc({inputs, backend, attrs} as never);
    return (Array.isArray(out) ? out[0] : out) as tf.TensorInfo;
  };
  tf.registerKernel({
    kernelName: NAME,
    backendName,
    kernelFunc({inputs, backend, attrs}) {
      const {x, kernel, bias} = inputs as Record<"x" | "kernel" | "bias", tf.TensorInfo>;
      const {window, activation} = attrs as unknown as Conv2dAttrs;
      const out = kernel.shape[3] as number;
      const batch = x.shape[0] as number;
      const pixels = [batch * positionsOf(window), window.channels];
      const seen = isPixelwise(window)
        ? {...x, shape: pixels}
        : run("PetriPatches", {images: x}, backend as object, window);
      const operands = {a: seen, b: {...kernel, shape: matrixOf(window, out)}, bias};
      const product = run("PetriMatMul", operands, backend as object, {activation});
      if (!isPixelwise(window)) (backend as tf.KernelBackend).disposeData(seen.dataId);
      return {...product, shape: [batch, window.outHeight, window.outWidth, out]};
    }
  });
}

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["x", "kernel", "bias"],
  outputsToSave: [true],
  gradFunc(dy, saved, attrs) {
    const [x, kernel, bias, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const {window, activation} = attrs as unknown as Conv2dAttrs;
    const out = kernel.shape[3] as number;
    const seen = isPixelwise(window) ? tf.reshape(x, [-1, window.channels]) : patches(x, window);
    const matrix = tf.reshape(kernel, matrixOf(window, out));
    const flat = (images: tf.Tensor) => tf.reshape(images, [-1, out]);
    const grads = denseGrads(flat(dy as tf.Tensor), [seen, matrix, bias, flat(y)], activation);
    return {
      x: () => (isPixelwise(window) ? tf.reshape(grads.a(), x.shape) : foldPatches(grads.a(), window)),
      kernel: () => tf.reshape(grads.b(), kernel.shape),
      bias: () => grads.bias()
    };
  }
});
