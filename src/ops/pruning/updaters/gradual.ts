import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import type {Distribution} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import type {SparsitySchedule} from "../schedules.ts";
import {type MaskChange, sparse, type UpdaterOptions} from "./sparse.ts";
import {largestWeights} from "./topology.ts";

export interface GradualOptions extends UpdaterOptions {
  /** Share of the prunable weights that are zero in the end, in [0, 1). */
  sparsity: number;
  /** When masks are renewed and how sparse they are by then: schedules.polynomial({start, end, every}), oneShot, exponential. */
  schedule: SparsitySchedule;
  /** How the sparsity is shared out among the layers; without one all weights are compared with each other. */
  distribution?: Distribution;
}

/**
 * Gradual magnitude pruning (Zhu & Gupta 2017): while it trains, a schedule says how sparse the network is, and the smallest
 * weights go. A weight that is gone stays zero, and is the first to stay so.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {gradual, schedules, sparsityOf} from "petri/pruning";
 *
 * const schedule = schedules.polynomial({start: 10, end: 60, every: 10});
 * const sparsities = [];
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer: gradual(adam(), {sparsity: 0.9, schedule})});
 * for await (const {step} of training) sparsities.push({step, sparsity: await sparsityOf(training.params)});
 * display(Plot.lineY(sparsities, {x: "step", y: "sparsity", marker: true}).plot({height: 180}));
 * training.dispose();
 */
export function gradual(optimizer: Optimizer, options: GradualOptions): Optimizer {
  const {sparsity, schedule, distribution} = options;
  checkSparsity(sparsity);
  const rule = {
    title: "gradual",
    isUpdate: (step: number) => schedule.isUpdate(step),
    choose: ({step, weights}: MaskChange) =>
      largestWeights(weights, schedule.sparsity(step, sparsity), distribution)
  };
  return sparse(optimizer, rule, options);
}
