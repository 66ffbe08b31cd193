import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";

const NAME = "PetriBatchProduct";

/**
 * Products of stacks of matrices: [..., rows, inner] x [..., inner, columns], the stacks being of the same shape. Its
 * gradient transposes first and multiplies then: tfjs's transposed product is ten times slower on wasm, and takes the scalar
 * path on webgpu.
 */
export function batchProduct(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return runKernel(NAME, {a, b}, {transposeA: false, transposeB: false})[0] as tf.Tensor;
}

/** Stacks of matrices, transposed. */
export function transposed(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

for (const backendName of ["cpu", "wasm", "webgpu"]) {
  tf.registerKernel({
    kernelName: NAME,
    backendName,
    kernelFunc: (params) => (tf.getKernel("BatchMatMul", backendName) as tf.KernelConfig).kernelFunc(params)
  });
}

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["a", "b"],
  gradFunc(dy, saved) {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => batchProduct(dy as tf.Tensor, transposed(b)),
      b: () => batchProduct(transposed(a), dy as tf.Tensor)
    };
  }
});
