import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Tensor, tf} from "../../tf.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import {oneShot, type SparsitySchedule} from "../schedules.ts";
import {largestOf} from "../updaters/drop-and-grow.ts";
import {type MaskChange, sparse, type UpdaterOptions} from "../updaters/sparse.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {largestWeights} from "../updaters/topology.ts";

export interface GlobalMagnitudeOptions extends UpdaterOptions {
  /** Share of the prunable weights that are zero in the end, in [0, 1). */
  sparsity: number;
  /** When weights go; all at the first step by default: what a trained network is fine-tuned with. schedules.exponential, polynomial are gradual. */
  schedule?: SparsitySchedule;
  /** Weights that every layer keeps whatever their size, 0 by default; a smaller layer keeps all of its own. */
  minimum?: number;
}

/**
 * Global magnitude pruning with a minimum threshold (Gupta et al. 2022): all weights together are ordered by |w| and the smallest go, at once
 * or bit by bit, except that the largest `minimum` of every layer stay, so that none is cut through at extreme sparsity. The number of weights
 * that stay is exact. `prune(params, {sparsity, floor})` chooses the same of a network outside of training, with a share for the minimum.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {globalMagnitude, layerStatistics, schedules} from "petri/pruning";
 *
 * const schedule = schedules.exponential({start: 20, end: 80, every: 10});
 * const optimizer = globalMagnitude(adam(), {sparsity: 0.98, schedule, minimum: 8});
 * const training = fit(mlp([2, 64, 64, 2]), twoMoons({n: 200}), {steps: 120, optimizer});
 * for await (const row of training);
 * display(Inputs.table(await layerStatistics(training.state.optimizerState)));
 * training.dispose();
 */
export function globalMagnitude(optimizer: Optimizer, options: GlobalMagnitudeOptions): Optimizer {
  const {sparsity, schedule = oneShot(), minimum = 0} = options;
  checkSparsity(sparsity);
  checkCount("minimum", minimum, 0);
  const rule = {
    title: "globalMagnitude",
    isUpdate: (step: number) => schedule.isUpdate(step),
    choose: ({step, weights}: MaskChange) =>
      largestWeights(lifted(weights, minimum, sparsity), schedule.sparsity(step, sparsity))
  };
  return sparse(optimizer, rule, options);
}

/** The weights, with the largest of every layer larger than all others. */
function lifted(weights: Leaves, minimum: number, sparsity: number): Leaves {
  if (minimum === 0) return weights;
  const sizes = Object.values(weights).map(({size}) => size);
  const kept = keptCount(
    sizes.reduce((sum, size) => sum + size, 0),
    sparsity
  );
  const sure = sizes.reduce((sum, size) => sum + Math.min(minimum, size), 0);
  if (sure > kept)
    throw new ArgumentError(
      `A minimum of ${minimum} keeps ${sure} weights, more than the ${kept} that a sparsity of ${sparsity} leaves: pass a smaller one.`
    );
  return mapLeaves(weights, (weight: Tensor) => {
    const largest = largestOf(tf.abs(weight), Math.min(minimum, weight.size));
    return tf.where(tf.cast(largest, "bool"), tf.fill(weight.shape, Infinity), weight);
  });
}
