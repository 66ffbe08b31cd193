import type {Scalar, Tensor} from "../tf.ts";
import {backward, kept, released} from "./backward.ts";
import {dispose, leaves, type Params, type Tree, unflatten} from "./tree.ts";

/**
 * The value of a scalar loss and its gradient by the first argument, a tree of parameters, as jax.value_and_grad:
 * `const [loss, grads] = valueAndGrad(lossOf)(params, x, y)`. Parameters that the loss does not use get zeros.
 * With `{hasAux: true}` the loss returns [loss, aux] and the result is [[loss, aux], grads].
 *
 * @example
 * import {tf, valueAndGrad} from "petri/core";
 *
 * const loss = ({w, b}, x, y) => tf.losses.meanSquaredError(y, x.mul(w).add(b));
 * const [value, slope] = valueAndGrad(loss)({w: tf.scalar(2), b: tf.scalar(0)}, tf.tensor1d([1, 2]), tf.tensor1d([1, 2]));
 * display({loss: value.arraySync(), byW: slope.w.arraySync(), byB: slope.b.arraySync()});
 */
export function valueAndGrad<P extends Params, A extends unknown[]>(
  loss: (params: P, ...args: A) => Tensor
): (params: P, ...args: A) => [Scalar, P];
export function valueAndGrad<P extends Params, A extends unknown[], X extends Tree<Tensor | number>>(
  loss: (params: P, ...args: A) => [Tensor, X],
  options: {hasAux: true}
): (params: P, ...args: A) => [[Scalar, X], P];
export function valueAndGrad<P extends Params, A extends unknown[]>(
  loss: (params: P, ...args: A) => Tensor | [Tensor, Tree<Tensor | number>],
  options: {hasAux?: boolean} = {}
): (params: P, ...args: A) => [unknown, P] {
  return (params, ...args) => {
    let aux: Tree<Tensor | number> = [];
    const scalarLoss = () => {
      const out = loss(params, ...args);
      if (!options.hasAux) return out as Tensor;
      const [value, more] = out as [Tensor, Tree<Tensor | number>];
      aux = kept(more);
      return value;
    };
    const {value, grads} = backward(scalarLoss, leaves(params as Params), () => dispose(aux));
    return [options.hasAux ? [value, released(aux)] : value, unflatten(params, grads) as P];
  };
}

/** The gradient alone: see valueAndGrad. */
export function grad<P extends Params, A extends unknown[]>(
  loss: (params: P, ...args: A) => Tensor
): (params: P, ...args: A) => P {
  const both = valueAndGrad(loss);
  return (params, ...args) => {
    const [value, grads] = both(params, ...args);
    value.dispose();
    return grads;
  };
}
