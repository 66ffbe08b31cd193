// The one door to tfjs for everything in ops.
import "../gpu/gradients/index.ts";
import * as tf from "../gpu/tfjs.ts";

export type {Scalar, Tensor} from "../gpu/tfjs.ts";
export {tf};

/** tf.tidy for any result: frees every tensor that `compute` makes, except those in what it returns. */
export function tidy<T>(compute: () => T): T {
  return tf.tidy(compute as () => tf.TensorContainer) as T;
}
