import {type Tensor, tf, tidy} from "../tf.ts";
import {backward, checkTangents, innerProduct, kept, released} from "./backward.ts";
import {dispose, leaves, map, type Params, unflatten} from "./tree.ts";

/**
 * The value of a function and its derivative along a direction, as jax.jvp: `const [y, dy] = jvp(f, [x, w], [dx, dw])` has
 * dy = J (dx, dw), exact. Arguments and result are trees of float32 tensors. The transpose of J is linear, so J is the
 * transpose of that: two backward passes and one forward (Townsend 2017, "A new trick for calculating Jacobian vector products").
 * Throws a ShapeError where a tangent is not shaped like its primal.
 *
 * @example
 * import {jvp, tf} from "petri/core";
 *
 * const [value, slope] = jvp((x) => x.sin(), [tf.tensor1d([0, 1])], [tf.tensor1d([1, 1])]);
 * display(value.arraySync());
 * display(slope.arraySync());
 */
export function jvp<A extends readonly Params[], Y extends Params>(
  f: (...primals: A) => Y,
  primals: A,
  tangents: A
): [Y, Y] {
  checkTangents("jvp's tangents", primals, tangents);
  return tidy(() => {
    const xs = leaves<Tensor>(primals);
    let y: Y | undefined;
    // What f gives decides the shapes of the cotangents: they are put in when it has run.
    const cotangents: Tensor[] = [tf.scalar(0)];
    const transposed = () => {
      const out = f(...primals);
      y = kept(out);
      const zeros = map((leaf: Tensor) => tf.zeros(leaf.shape), out as Params);
      cotangents.splice(0, 1, ...leaves(zeros));
      const {grads} = backward(() => innerProduct(out, zeros), xs);
      return innerProduct(grads, leaves<Tensor>(tangents));
    };
    const {grads} = backward(transposed, cotangents, () => y && dispose(y));
    return [released(y as Y), unflatten(y, grads) as Y];
  });
}

/**
 * The value of a function and its pullback, as jax.vjp: `const [y, pullback] = vjp(f, x, w)`, then `pullback(dy)` gives
 * [dx, dw], the cotangent times the Jacobian. The pullback applies f again, so the arguments must still be there, and there
 * is nothing to free besides results. Throws a ShapeError where a cotangent is not shaped like the value.
 */
export function vjp<A extends readonly Params[], Y extends Params>(
  f: (...primals: A) => Y,
  ...primals: A
): [Y, (cotangents: Y) => A] {
  const y = tidy(() => map((leaf: Tensor) => tf.clone(leaf), f(...primals) as Params) as Y);
  const pullback = (cotangents: Y) => {
    checkTangents("vjp's cotangents", y, cotangents);
    return tidy(() => {
      const {grads} = backward(() => innerProduct(f(...primals), cotangents), leaves<Tensor>(primals));
      return unflatten(primals, grads) as unknown as A;
    });
  };
  return [y, pullback];
}
