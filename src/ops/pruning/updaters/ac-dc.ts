import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {tf} from "../../tf.ts";
import type {Distribution} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import {type MaskChange, sparse, type UpdaterOptions} from "./sparse.ts";
import {mapLeaves} from "./sparse-state.ts";
import {largestWeights} from "./topology.ts";

export interface AcdcOptions extends UpdaterOptions {
  /** Share of the prunable weights that are zero in sparse phases, in [0, 1). */
  sparsity: number;
  /** Steps of a phase. */
  phase: number;
  /** Steps of the first, dense phase; as long as the others by default. */
  warmup?: number;
  /** The step at which the last sparse phase begins that lasts to the end, wherever the phases stand. */
  end: number;
  /** How the sparsity is shared out among the layers; without one all weights are compared with each other. */
  distribution?: Distribution;
}

/**
 * AC/DC (Peste et al. 2021): sparse and dense phases take turns. A sparse phase begins with the largest weights, a dense one lets
 * the others grow again from zero, and from `end` on the network stays sparse.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {acdc, sparsityOf} from "petri/pruning";
 *
 * const optimizer = acdc(adam(), {sparsity: 0.8, phase: 10, end: 60});
 * const phases = [];
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer, logEvery: 5});
 * for await (const {step} of training) phases.push({step, sparsity: await sparsityOf(training.params)});
 * display(Plot.lineY(phases, {x: "step", y: "sparsity", curve: "step"}).plot({height: 160}));
 * training.dispose();
 */
export function acdc(optimizer: Optimizer, options: AcdcOptions): Optimizer {
  const {sparsity, phase, warmup = phase, end, distribution} = options;
  checkSparsity(sparsity);
  checkCount("phase", phase);
  checkCount("warmup", warmup, 0);
  checkCount("end", end, 0);
  if (end < warmup)
    throw new ArgumentError(`end must not come before the warmup is over (${warmup}), got ${end}.`);
  const isSparse = (step: number) =>
    step >= end || (step >= warmup && Math.floor((step - warmup) / phase) % 2 === 0);
  const rule = {
    title: "acdc",
    isUpdate: (step: number) => isSparse(step) !== (step > 0 && isSparse(step - 1)),
    choose: ({step, weights}: MaskChange) =>
      isSparse(step)
        ? largestWeights(weights, sparsity, distribution)
        : mapLeaves(weights, (leaf) => tf.onesLike(leaf))
  };
  return sparse(optimizer, rule, options);
}
