import {runKernel} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {registerMatMul} from "./matmul.ts";

const NAME = "PetriBatchProduct";

/** Which operands are transposed first. */
interface Transposes {
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * Products of stacks of matrices, op(a) op(b): [..., rows, inner] x [..., inner, columns], the stacks being of the same shape and op a
 * transpose or nothing. Its gradients are such products too, so that derivatives of any order are exact.
 */
export function batchProduct(a: tf.Tensor, b: tf.Tensor, transposes: Transposes = {}): tf.Tensor {
  return runKernel(NAME, {a, b}, transposes)[0] as tf.Tensor;
}

registerMatMul(NAME);

tf.registerGradient({
  kernelName: NAME,
  inputsToSave: ["a", "b"],
  gradFunc(upstream, saved, attrs) {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const dy = upstream as tf.Tensor;
    const {transposeA = false, transposeB = false} = attrs as Transposes;
    return {
      a: () =>
        transposeA
          ? batchProduct(b, dy, {transposeA: transposeB, transposeB: true})
          : batchProduct(dy, b, {transposeB: !transposeB}),
      b: () =>
        transposeB
          ? batchProduct(dy, a, {transposeA: true, transposeB: transposeA})
          : batchProduct(a, dy, {transposeA: !transposeA})
    };
  }
});
