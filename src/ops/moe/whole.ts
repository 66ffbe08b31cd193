// Whole numbers in tensors: places, counts and numbers of experts, below 2^24, so that float32 holds them.
import {takeTableRows} from "../../gpu/kernels/rows.ts";
import {type Tensor, tf, tidy} from "../tf.ts";

/** tf.transpose for whole numbers: tfjs's own kernel on webgpu does not compile for them. */
export function transposeWhole(x: Tensor, axes: number[]): Tensor {
  return tidy(() => tf.cast(tf.transpose(tf.cast(x, "float32"), axes), "int32"));
}

/** Rows of a table of whole numbers, [rows, features], by their numbers. */
export function wholeRows(table: Tensor, ids: Tensor): Tensor {
  return tidy(() => tf.cast(takeTableRows(tf.cast(table, "float32"), ids), "int32"));
}

/** Numbers of experts where a choice is kept, -1 elsewhere. */
export function orNone(isKept: Tensor, indices: Tensor): Tensor {
  return tidy(() => tf.where(isKept, indices, tf.mul(tf.onesLike(indices), tf.scalar(-1, "int32"))));
}
