import {type Tensor, tf} from "../tf.ts";

/**
 * ReLU whose gradient goes through unchanged, also where the output is zero, as published implementations of Forward-Forward
 * have it: `dense({units, activation: straightThroughRelu})`. Units that are never active can come back: peer normalisation
 * reaches them.
 *
 * @example
 * import {grad, tf} from "petri/core";
 * import {straightThroughRelu} from "petri/forward-forward";
 *
 * const slope = grad(({x}) => straightThroughRelu(x).sum())({x: tf.tensor1d([-1, 2])});
 * display(slope.x.arraySync());
 */
export const straightThroughRelu: (x: Tensor) => Tensor = tf.customGrad((x) => ({
  value: tf.relu(x as Tensor),
  gradFunc: (dy: Tensor) => tf.clone(dy)
}));
