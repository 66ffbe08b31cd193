import {releaseTape} from "../../gpu/tape.ts";
import {type Scalar, type Tensor, tf} from "../tf.ts";
import {ArgumentError} from "./errors.ts";
import {dispose, leaves, type Params, type Tree, unflatten} from "./tree.ts";

/**
 * The value of a scalar loss and its gradient by the first argument, a tree of parameters, as jax.value_and_grad:
 * `const [loss, grads] = valueAndGrad(lossOf)(params, x, y)`. Parameters that the loss does not use get zeros.
 * With `{hasAux: true}` the loss returns [loss, aux] and the result is [[loss, aux], grads].
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
      if (!options.hasAux) return checkScalar(out as Tensor);
      const [value, more] = out as [Tensor, Tree<Tensor | number>];
      aux = more;
      for (const leaf of leaves(more)) if (leaf instanceof tf.Tensor) tf.keep(leaf);
      return checkScalar(value);
    };
    // Unlike tf.valueAndGrads this allows parameters that play no part.
    const xs = leaves(params as Params);
    const {value, grads} = releasingOnError(
      () => tf.engine().gradients(scalarLoss, xs, undefined, true),
      () => dispose(aux)
    );
    const tree = unflatten(params, zeroed(grads, xs)) as P;
    return [options.hasAux ? [value, released(aux)] : value, tree];
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

function zeroed(grads: readonly (Tensor | null | undefined)[], xs: readonly Tensor[]): Tensor[] {
  return xs.map((x, i) => grads[i] ?? tf.zerosLike(x));
}

/** Tensors kept through the gradient's tidy become ordinary tensors of the caller's scope. */
function released(aux: Tree<Tensor | number>): Tree<Tensor | number> {
  const released = leaves(aux).map((leaf) => {
    if (!(leaf instanceof tf.Tensor)) return leaf;
    const copy = leaf.clone();
    leaf.dispose();
    return copy;
  });
  return unflatten(aux, released);
}

/** What is recorded and kept when a loss throws would never be freed. */
function releasingOnError<T>(compute: () => T, release: () => void): T {
  try {
    return compute();
  } catch (error) {
    release();
    releaseTape();
    throw error;
  }
}

function checkScalar(value: Tensor): Scalar {
  if (value instanceof tf.Tensor && value.size === 1) return value.asScalar();
  const got = value instanceof tf.Tensor ? `shape [${value.shape.join(", ")}]` : typeof value;
  throw new ArgumentError(
    `A loss must return one number (a scalar tensor), got ${got}. Take its mean or sum.`
  );
}
