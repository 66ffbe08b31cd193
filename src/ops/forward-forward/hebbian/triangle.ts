import {checkNumber, checkOptions} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

export interface TriangleOptions {
  /** p, 1 by default. */
  power?: number;
}

/**
 * How far a unit is above the mean of the units beside it, max(0, x - mean(x))^p, the mean taken over the last dimension (Coates et
 * al. 2011; with the power, Journé et al. 2022): sparse answers of Hebbian layers. [batch, ..., units] -> the same.
 *
 * @example
 * import {tf} from "petri/core";
 * import {triangle} from "petri/forward-forward";
 *
 * display(triangle({power: 0.7}).apply({}, tf.tensor2d([[1, 2, 6]])).arraySync());
 */
export function triangle(options: TriangleOptions = {}): Layer<Record<never, never>> {
  checkOptions("triangle", options, {power: true});
  const {power = 1} = options;
  checkNumber("power", power, 0);
  return {
    name: "triangle",
    init: () => ({}),
    apply: (_params, x: Tensor) =>
      tidy(() => {
        const above = tf.relu(tf.sub(x, tf.mean(x, -1, true)));
        return power === 1 ? above : tf.pow(above, power);
      }),
    flops: (shape) => 3 * shape.reduce((size, dim) => size * dim, 1)
  };
}
