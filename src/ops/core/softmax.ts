import {type Tensor, tf} from "../tf.ts";

/**
 * exp(x_i) / sum_j exp(x_j) over the last axis, without overflow. [..., n] -> the same.
 *
 * @example
 * import {softmax, tf} from "petri/core";
 *
 * display(softmax(tf.tensor1d([1, 2, 3])).arraySync());
 */
export function softmax(x: Tensor): Tensor {
  return tf.softmax(x);
}

/** x_i - log sum_j exp(x_j) over the last axis, without overflow. [..., n] -> the same. tfjs's own leaks memory on wasm. */
export function logSoftmax(x: Tensor): Tensor {
  return tf.tidy(() => tf.sub(x, logSumExp(x, true)));
}

/** log sum_j exp(x_j) over the last axis, without overflow: [..., n] -> [...], or [..., 1] with `keepDims`. */
export function logSumExp(x: Tensor, keepDims = false): Tensor {
  return tf.logSumExp(x, -1, keepDims);
}
