import {offTape} from "../../gpu/tape.ts";
import {type Tensor, tf} from "../tf.ts";
import {map, type Params} from "./tree.ts";

/**
 * The same values as constants: no gradient goes back through them, as jax.lax.stop_gradient. Nothing is multiplied by
 * zero, so an infinite slope behind it does no harm. Takes a tensor or a tree of tensors.
 *
 * @example
 * import {grad, stopGradient, tf} from "petri/core";
 *
 * const slope = grad(({x}) => x.mul(stopGradient(x)))({x: tf.scalar(3)});
 * display(slope.x.arraySync());
 */
export function stopGradient<P extends Params>(x: P): P {
  return offTape(() => map((leaf: Tensor) => tf.clone(leaf), x as Params)) as P;
}
