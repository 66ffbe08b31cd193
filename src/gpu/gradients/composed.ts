import * as tf from "../tfjs.ts";

/**
 * The gradients of what `compose` makes of its inputs from that of the result, by input name. They are taken through
 * ordinary operations, so that they can be differentiated again: for fused operations whose gradient is itself recorded.
 */
export function composedGrads<I extends Record<string, tf.Tensor>>(
  compose: (inputs: I) => tf.Tensor,
  inputs: I,
  dy: tf.Tensor
): Record<keyof I, () => tf.Tensor> {
  const {grads} = tf.engine().gradients(() => compose(inputs), Object.values(inputs), dy);
  const byName = Object.keys(inputs).map((name, i) => [name, () => grads[i] as tf.Tensor]);
  return Object.fromEntries(byName) as Record<keyof I, () => tf.Tensor>;
}
