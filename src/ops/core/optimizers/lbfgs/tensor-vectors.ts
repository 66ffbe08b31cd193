import {lbfgsDirection} from "../../../../gpu/kernels/lbfgs-direction.ts";
import {weightedSum} from "../../../../gpu/kernels/weighted-sum.ts";
import {type Tensor, tf, tidy} from "../../../tf.ts";
import {valueAndGrad} from "../../grad.ts";
import {leaves, type Params, unflatten} from "../../tree.ts";
import type {Vectors} from "./vectors.ts";

const flatten = (params: Params) => tf.concat(leaves<Tensor>(params).map((leaf) => leaf.flatten()));

function shaped<P extends Params>(vector: Tensor, like: P): P {
  let start = 0;
  const parts = leaves<Tensor>(like).map((leaf) => {
    const part = tf.reshape(tf.slice(vector, start, leaf.size), leaf.shape);
    start += leaf.size;
    return part;
  });
  return unflatten(like, parts) as P;
}

/** Vectors as float32 tensors [size] on the current backend; the loss is a function of the parameters to a scalar. */
export function tensorVectors<P extends Params>(): Vectors<P, (params: P) => Tensor, Tensor, Tensor> {
  return {
    flatten: (params) => tidy(() => flatten(params)),
    shaped: (vector, like) => tidy(() => shaped(vector, like)),
    evaluate: (loss, vector, like) =>
      tidy(() => {
        const [value, grads] = valueAndGrad(loss)(shaped(vector, like));
        return {loss: value, gradient: flatten(grads)};
      }),
    sum: weightedSum,
    dot: (a, b) => tf.sum(tf.mul(a, b)),
    largest: (a) => tf.max(tf.abs(a)),
    total: (a) => tf.sum(tf.abs(a)),
    async read(sums) {
      const stacked = tidy(() => tf.stack([...sums]));
      try {
        return Array.from(await stacked.data());
      } finally {
        stacked.dispose();
      }
    },
    append: (rows, row, most) =>
      tidy(() => {
        const last = tf.expandDims(row, 0);
        if (!(rows instanceof tf.Tensor)) return last;
        const kept = rows.shape[0] as number;
        return tf.concat([kept < most ? rows : tf.slice(rows, 1, most - 1), last]);
      }),
    direction: lbfgsDirection,
    scope: tidy,
    free: (values) => tf.dispose(values as tf.TensorContainer)
  };
}
