import {type Key, key as keyOf} from "../../core/key.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform as uniformNumbers} from "../../core/random.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type Distribution, uniform} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import type {Prunable} from "../masks.ts";
import {type MaskSearch, maskSearch, type WeightRule} from "./mask-search.ts";
import {type Leaves, mapLeaves} from "./sparse-state.ts";
import {largestWeights} from "./topology.ts";

export interface SupermaskOptions {
  /** Share of the prunable weights that are zero, in [0, 1). */
  sparsity: number;
  /** How it is shared out among the layers; uniform by default. */
  distribution?: Distribution;
  /** The source of the first scores; key(0) by default. */
  key?: Key;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
  /** Changes the weights at some steps; they stay what they were without it. */
  renew?: WeightRule;
}

/**
 * Edge-popup (Ramanujan et al. 2020): the weights stay what they were at the start; every weight has a score that the optimizer
 * trains, and the weights with the largest |score| of each layer are there. A score's gradient is that of the weight times the weight
 * and the sign of the score, straight through the choice. Parameters that are not pruned stay as they are too.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {supermask} from "petri/pruning";
 *
 * const optimizer = supermask(adam({learningRate: 0.02}), {sparsity: 0.5});
 * const rows = [];
 * const training = fit(mlp([2, 128, 2]), twoMoons({n: 200}), {steps: 150, optimizer});
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * training.dispose();
 */
export function supermask(optimizer: Optimizer, options: SupermaskOptions): Optimizer {
  const {sparsity, distribution = uniform, key = keyOf(0), prunable, renew} = options;
  checkSparsity(sparsity);
  const masksOf = (scores: Leaves) => largestWeights(scores, sparsity, distribution);
  const search: MaskSearch = {
    title: "supermask",
    begin(weights) {
      let index = 0;
      const scores = mapLeaves(weights, (leaf) => firstScores(leaf, key.fold(index++)));
      return {scores, masks: masksOf(scores)};
    },
    slope: (grad, weight, score) => tf.mul(tf.mul(grad, weight), tf.sign(score)),
    choose: ({scores}) => ({masks: masksOf(scores)}),
    renew
  };
  return maskSearch(optimizer, search, {prunable});
}

/** Uniform in +-1 / sqrt(inputs), as the original draws them; 0, chosen last, for weights that are zero. */
function firstScores(weights: Tensor, key: Key): Tensor {
  const {shape, size} = weights;
  const bound = 1 / Math.sqrt(size / (shape.at(-1) as number));
  return tf.mul(uniformNumbers(key, shape, -bound, bound), tf.cast(tf.notEqual(weights, 0), "float32"));
}
