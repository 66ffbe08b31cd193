import {type Tensor, tf, tidy} from "../tf.ts";
import {checkTangents, innerProduct} from "./backward.ts";
import {grad} from "./grad.ts";
import {map, type Params} from "./tree.ts";

/**
 * The Hessian of a scalar loss by its parameters, times a direction: H v = d/dp <dL/dp, v>, exact, without making H
 * (Pearlmutter 1994). `tangent` is a tree shaped like `params`; what follows is passed to the loss.
 * Throws a ShapeError where the tangent is shaped otherwise.
 *
 * @example
 * import {hvp, tf} from "petri/core";
 *
 * // x^2 y has the Hessian [[2y, 2x], [2x, 0]].
 * const f = ({x, y}) => x.square().mul(y);
 * const product = hvp(f, {x: tf.scalar(3), y: tf.scalar(5)}, {x: tf.scalar(1), y: tf.scalar(0)});
 * display([product.x.arraySync(), product.y.arraySync()]);
 */
export function hvp<P extends Params, A extends unknown[]>(
  loss: (params: P, ...args: A) => Tensor,
  params: P,
  tangent: P,
  ...args: A
): P {
  checkTangents("hvp's tangent", params, tangent);
  return tidy(() => {
    // Copies, so that a tangent that is the parameters themselves is a constant all the same.
    const point = map((leaf: Tensor) => tf.clone(leaf), params as Params) as P;
    return grad((at: P) => innerProduct(grad(loss)(at, ...args), tangent))(point);
  });
}
