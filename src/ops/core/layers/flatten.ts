import {tf} from "../../tf.ts";
import type {Layer} from "../layer.ts";

/**
 * One vector an example: [batch, ...shape] -> [batch, size].
 *
 * @example
 * import {flatten, tf} from "petri/core";
 *
 * display(flatten().apply({}, tf.zeros([5, 8, 8])).shape);
 */
export function flatten(): Layer<Record<never, never>> {
  return {
    name: "flatten",
    init: () => ({}),
    apply: (_params, x) => tf.reshape(x, [x.shape[0] ?? 0, -1]),
    outputShape: (shape) => [shape.reduce((size, dim) => size * dim, 1)]
  };
}
