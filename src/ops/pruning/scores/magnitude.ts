import {tf} from "../../tf.ts";
import {eachWeight} from "./evidence.ts";
import {defineScore} from "./score.ts";

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
export const magnitude = defineScore("magnitude", [], (params) => eachWeight((w) => tf.abs(w), params));
