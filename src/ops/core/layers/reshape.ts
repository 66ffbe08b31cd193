import {tf} from "../../tf.ts";
import {checkCount} from "../errors.ts";
import {expectShape, type Layer, type Shape} from "../layer.ts";

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/**
 * The same numbers of each example in another shape: [batch, ...] -> [batch, ...shape]. Throws a ShapeError when the sizes differ.
 *
 * @example
 * import {reshape, tf} from "petri/core";
 *
 * display(reshape([8, 8, 1]).apply({}, tf.ones([5, 64])).shape);
 */
export function reshape(shape: Shape): Layer<Record<never, never>> {
  for (const dim of shape) checkCount("every dimension of a shape", dim);
  const name = "reshape";
  const check = (inputShape: Shape, path: string, got: Shape) =>
    expectShape(
      sizeOf(inputShape) === sizeOf(shape),
      path,
      `with ${sizeOf(shape)} numbers an example, for [${shape.join(", ")}]`,
      got
    );
  return {
    name,
    init(_key, inputShape, path = name) {
      check(inputShape, path, inputShape);
      return {};
    },
    apply(_params, x, context) {
      check(x.shape.slice(1), context?.path ?? name, x.shape);
      return tf.reshape(x, [x.shape[0] as number, ...shape]);
    },
    outputShape: () => shape
  };
}
