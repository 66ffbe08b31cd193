// What every kind of derivative here is made of: one backward pass that frees what it leaves, also when it throws.
import {releaseTape} from "../../gpu/tape.ts";
import {unit} from "../../gpu/unit.ts";
import {type Scalar, type Tensor, tf, tidy} from "../tf.ts";
import {ArgumentError, ShapeError} from "./errors.ts";
import {dispose, map, type Params, type Tree} from "./tree.ts";

/**
 * A scalar and its gradients by tensors; zeros by those that play no part. `xs` is read when `compute` is done, which may
 * still put tensors in that it makes. `release` frees what `compute` kept, if it throws.
 */
export function backward(
  compute: () => Tensor,
  xs: Tensor[],
  release: () => void = () => {}
): {value: Scalar; grads: Tensor[]} {
  const scalarOf = () => checkScalar(compute());
  try {
    // Unlike tf.valueAndGrads this allows tensors that play no part; of none at all it will not hear.
    if (xs.length === 0) return {value: tf.tidy(scalarOf), grads: []};
    // In a scope of its own: tfjs forgets the value where the backward pass throws.
    return tidy(() => {
      const {value, grads} = tf.engine().gradients(scalarOf, xs, unit(), true);
      return {value, grads: xs.map(({shape}, i) => grads[i] ?? tf.zeros(shape))};
    });
  } catch (error) {
    release();
    releaseTape();
    throw error;
  }
}

/** A copy of a tree that outlives the backward pass it was made in. */
export function kept<T extends Tree<Tensor | number>>(tree: T): T {
  const copy = (leaf: Tensor | number) => (leaf instanceof tf.Tensor ? tf.keep(tf.clone(leaf)) : leaf);
  return map(copy, tree as Tree<Tensor | number>) as T;
}

/** Makes kept tensors ordinary tensors of the caller's scope. */
export function released<T extends Tree<Tensor | number>>(tree: T): T {
  const copies = map(
    (leaf: Tensor | number) => (leaf instanceof tf.Tensor ? tf.clone(leaf) : leaf),
    tree as Tree<Tensor | number>
  );
  dispose(tree);
  return copies as T;
}

/** The sum of the products of all elements of two trees of the same structure. */
export function innerProduct(a: Params, b: Params): Scalar {
  const products: Tensor[] = [];
  map((x: Tensor, _path, y) => products.push(tf.sum(tf.mul(x, y as Tensor))), a, b);
  return products.length === 0 ? tf.scalar(0) : (tf.addN(products) as Scalar);
}

/** Throws unless `tangents` has the structure and the shapes of `primals`, and both are float32. */
export function checkTangents(name: string, primals: Params, tangents: Params): void {
  map(
    (primal: Tensor, path, tangent) => {
      const {shape, dtype} = (tangent ?? {}) as Partial<Tensor>;
      const where = path === "" ? name : `${name} at "${path}"`;
      if (primal.dtype !== "float32" || dtype !== "float32") {
        throw new ArgumentError(
          `${where}: only float32 tensors have derivatives, got ${primal.dtype} and ${dtype}. Let the function close over the others.`
        );
      }
      if (shape?.join() !== primal.shape.join()) {
        throw new ShapeError(
          `${where}: expected the shape [${primal.shape.join(", ")}], got [${shape?.join(", ")}].`
        );
      }
    },
    primals,
    tangents
  );
}

function checkScalar(value: Tensor): Scalar {
  if (value instanceof tf.Tensor && value.size === 1) return value.asScalar();
  const got = value instanceof tf.Tensor ? `shape [${value.shape.join(", ")}]` : typeof value;
  throw new ArgumentError(
    `A loss must return one number (a scalar tensor), got ${got}. Take its mean or sum.`
  );
}
