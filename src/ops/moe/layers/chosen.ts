// Choices of experts, [tokens, k], as numbers for every expert and back.
import {oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {takeTableRows} from "../../../gpu/kernels/rows.ts";
import {type Tensor, tf} from "../../tf.ts";

/** For every expert, [tokens, experts]: 1 where it is chosen, and its weight; zeros elsewhere. Choices of a token differ. */
export function spreadChoices(
  indices: Tensor,
  weights: Tensor,
  experts: number
): {isChosen: Tensor; weights: Tensor} {
  const [tokens, k] = indices.shape as [number, number];
  const own = tf.reshape(oneHot(tf.reshape(indices, [-1]), experts), [tokens, k, experts]);
  return {isChosen: tf.sum(own, 1), weights: tf.sum(tf.mul(own, tf.expandDims(weights, 2)), 1)};
}

/** What a token has for its choices: all [tokens, experts, features], indices [tokens, k] -> [tokens, k, features]. */
export function takeChosen(all: Tensor, indices: Tensor): Tensor {
  const [tokens, experts, features] = all.shape as [number, number, number];
  const first = tf.expandDims(tf.range(0, tokens * experts, experts, "int32"), 1);
  const rows = tf.reshape(tf.add(indices, first), [-1]);
  const taken = takeTableRows(tf.reshape(all, [tokens * experts, features]), rows);
  return tf.reshape(taken, [tokens, indices.shape[1] as number, features]);
}
