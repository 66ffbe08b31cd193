import {type Tensor, tf} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {leaves, map, type Params} from "../tree.ts";
import type {Optimizer} from "./optimizer.ts";

/** Adds weightDecay x parameter to the gradient: L2 regularisation when put before an optimizer, decoupled decay after one. */
export function addDecayedWeights(weightDecay: number): Optimizer {
  checkNumber("weightDecay", weightDecay, 0);
  return {
    init: () => [],
    update: (grads, state, params) => ({
      updates: map(
        (g: Tensor, _path, p) => tf.add(g, tf.mul(p as Tensor, weightDecay)),
        grads,
        params
      ) as Params,
      state
    })
  };
}

/** Scales all gradients by one number so that their Euclidean norm, taken together, is at most `maxNorm`. */
export function clipByGlobalNorm(maxNorm: number): Optimizer {
  checkNumber("maxNorm", maxNorm, 0);
  return {
    init: () => [],
    update(grads, state) {
      const squares = leaves<Tensor>(grads).map((g) => tf.sum(tf.square(g)));
      const scale = tf.minimum(tf.div(maxNorm, tf.sqrt(tf.addN(squares))), 1);
      return {updates: map((g: Tensor) => tf.mul(g, scale), grads) as Params, state};
    }
  };
}
