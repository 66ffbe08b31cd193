// What makes a weight important.
import type {Key} from "../core/key.ts";
import {map, type Params} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";

/** Importance of every weight, in a tree like the parameters: the largest stay. A new criterion is one of these. */
export type Score = (params: Params) => Params;

/**
 * |w| (Han et al. 2015).
 *
 * @example
 * import {key, mlp, tf, tree} from "petri/core";
 * import {prune, scores, sparsityOf} from "petri/pruning";
 *
 * // A score of one's own: how far a weight is from the mean of its tensor.
 * const unusual = (params) => tree.map((leaf) => tf.abs(tf.sub(leaf, tf.mean(leaf))), params);
 * const params = mlp([8, 16, 2]).init(key(0));
 * display(await Promise.all([scores.magnitude, unusual].map(async (score) => sparsityOf(await prune(params, {sparsity: 0.5, score})))));
 */
export const magnitude: Score = (params) => map((leaf: Tensor) => tf.abs(leaf), params) as Params;

/** Uniform noise: the baseline that every criterion must beat. */
export function random(key: Key): Score {
  return (params) => {
    let index = 0;
    return map(
      (leaf: Tensor) => tf.tensor(key.fold(index++).uniform(leaf.size), leaf.shape),
      params
    ) as Params;
  };
}
