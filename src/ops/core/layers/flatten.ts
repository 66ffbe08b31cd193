import {tf} from "../../tf.ts";
import type {Layer, Shape} from "../layer.ts";

/**
 * One vector an example: [batch, ...shape] -> [batch, size].
 *
 * @example
 * import {flatten, tf} from "petri/core";
 *
 * display(flatten().apply({}, tf.zeros([5, 8, 8])).shape);
 */
export function flatten(): Layer<Record<never, never>> {
  const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);
  return {
    name: "flatten",
    init: () => ({}),
    apply: (_params, x) => tf.reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]),
    outputShape: (shape) => [sizeOf(shape)]
  };
}
