import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Distribution} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import type {Prunable} from "../masks.ts";
import {activeCount, growLargest, largestOf} from "../updaters/drop-and-grow.ts";
import {type MaskSearch, maskSearch} from "../updaters/mask-search.ts";
import {copied, type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {largestWeights} from "../updaters/topology.ts";

export interface JackpotOptions {
  /** Share of the prunable weights that are zero, in [0, 1). */
  sparsity: number;
  /** How it is shared out among the layers; without one by comparing the magnitudes of all weights, as the original does. */
  distribution?: Distribution;
  /** Where the search begins: with the largest weights (the default), or anywhere. */
  start?: "magnitude" | "random";
  /**
   * Steps over which the share of the wanted changes that are made falls from 1 to 0, as (1 - step / steps)^4: the short restriction. Without it all
   * are made.
   */
  restriction?: number;
  /** The source of a random start; key(0) by default. */
  key?: Key;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/** The score of a weight that is not there at first; those that are have 1. */
const BELOW = 0.99;

/**
 * Lottery jackpots (Zhang et al. 2023): searches a trained network for a sparse one without touching its weights. Every weight has a score, 1 where
 * it is there at first and 0.99 where not, whose gradient is that of the weight times the weight (straight through); the
 * weights with the largest scores of each layer are there. With a restriction, of the weights that would come and go at a step only the share with the
 * most extreme scores do, the less the later (the paper: all at once, they disturb each other). Layers keep as many weights as at first.
 *
 * Use it around the optimizer of the scores, with `params` of a trained network. The authors' code rounds that share up
 * to 1 as long as the search lasts; here it falls as they write.
 *
 * @example
 * import {adam, fit, mlp, sgd} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {jackpot} from "petri/pruning";
 *
 * const [model, data] = [mlp([2, 64, 2]), twoMoons({n: 300})];
 * const trained = fit(model, data, {steps: 200, optimizer: adam({learningRate: 0.01})});
 * for await (const row of trained);
 * const rows = [];
 * const optimizer = jackpot(sgd({learningRate: 1, momentum: 0.9}), {sparsity: 0.8, restriction: 200});
 * const search = fit(model, data, {params: trained.params, steps: 200, optimizer});
 * for await (const row of search) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * search.dispose();
 * trained.dispose();
 */
export function jackpot(optimizer: Optimizer, options: JackpotOptions): Optimizer {
  const {sparsity, distribution, start = "magnitude", restriction, key = keyOf(0), prunable} = options;
  checkSparsity(sparsity);
  if (restriction !== undefined) checkCount("restriction", restriction);
  if (start !== "magnitude" && start !== "random")
    throw new ArgumentError(`start must be "magnitude" or "random", got ${JSON.stringify(start)}.`);
  const search: MaskSearch = {
    title: "jackpot",
    begin(weights) {
      const largest = largestWeights(weights, sparsity, distribution);
      const masks = start === "magnitude" ? largest : elsewhere(largest, key);
      const scores = mapLeaves(masks, (mask) => tf.add(BELOW, tf.mul(mask, 1 - BELOW)));
      return {scores, masks, extra: copied({steps: tf.scalar(0)})};
    },
    slope: (grad, weight) => tf.mul(grad, weight),
    choose({scores, masks, extra}) {
      const steps = tf.add(extra.steps as Tensor, 1);
      const share =
        restriction === undefined
          ? tf.scalar(1)
          : tf.pow(tf.maximum(tf.sub(1, tf.div(extra.steps as Tensor, restriction)), 0), 4);
      const next = mapLeaves(masks, (mask, path) => swapped(mask, scores[path] as Tensor, share));
      return {masks: next, extra: {steps}};
    }
  };
  return maskSearch(optimizer, search, {prunable});
}

/** As many weights of every layer at random places. */
function elsewhere(masks: Leaves, key: Key): Leaves {
  return Object.fromEntries(
    Object.entries(masks).map(([path, mask], i) => [
      path,
      largestOf(uniform(key.fold(i), mask.shape), activeCount(mask))
    ])
  );
}

/**
 * A mask one step nearer to that of the largest scores: of the weights that are to go, the share (a scalar, rounded up) with the smallest
 * scores goes, and as many with the largest scores come.
 */
export function swapped(mask: Tensor, scores: Tensor, share: Tensor | number): Tensor {
  if (typeof share === "number") checkNumber("share", share, 0, 1);
  const active = activeCount(mask);
  const wanted = largestOf(scores, active);
  const isThere = tf.cast(mask, "bool");
  const leaving = tf.sum(tf.mul(mask, tf.sub(1, wanted)));
  const going = tf.cast(tf.ceil(tf.mul(leaving, share)), "int32");
  const far = tf.fill(mask.shape, Infinity);
  const staying = tf.where(tf.cast(wanted, "bool"), far, scores);
  const kept = largestOf(tf.where(isThere, staying, tf.neg(far)), tf.sub(active, going));
  return growLargest(kept, tf.where(isThere, tf.neg(far), scores), active);
}
