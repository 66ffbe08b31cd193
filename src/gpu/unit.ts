import * as tf from "./tfjs.ts";

/** Data that is the number 1 and nothing else, for ever. */
const units = new WeakSet<object>();

/** The scalar 1, as the gradient of a loss by itself: gradients need not be multiplied by it. */
export function unit(): tf.Scalar {
  const one = tf.scalar(1);
  units.add(one.dataId);
  return one;
}

/** True for what `unit` made, also in another shape or as a copy; nothing is read from the GPU for that. */
export function isUnit({dataId}: tf.Tensor): boolean {
  return units.has(dataId);
}
