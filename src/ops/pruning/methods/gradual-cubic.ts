import {ArgumentError, checkCount} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Distribution, uniform} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import type {SparsitySchedule} from "../schedules.ts";
import {gradual} from "../updaters/gradual.ts";
import type {UpdaterOptions} from "../updaters/sparse.ts";

export interface CubicOptions {
  /** The step of the first pruning, t0. */
  start: number;
  /** The step of the last, t0 + n every: at it the sparsity is reached. */
  end: number;
  /** Steps between prunings, which divide end - start; 100 by default. */
  every?: number;
  /** The sparsity at `start`, 0 by default. */
  initial?: number;
}

export interface GradualCubicOptions extends CubicOptions, UpdaterOptions {
  /** Share of the prunable weights that are zero in the end, in [0, 1). */
  sparsity: number;
  /** How the sparsity is shared out among the layers; uniform by default, as in the paper. */
  distribution?: Distribution;
}

/**
 * To prune, or not to prune (Zhu & Gupta 2017): at steps t = start, start + every, ..., end the smallest weights of each layer go, until the share
 * s + (initial - s) (1 - (t - start) / (end - start))^3 of it is zero; in between and afterwards the rest learns on. `gradual` is the general form.
 * The paper keeps the value that a weight had when it went, here it is zero.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {gradualCubic, sparsityByLayer} from "petri/pruning";
 *
 * const optimizer = gradualCubic(adam(), {sparsity: 0.9, start: 20, end: 80, every: 10});
 * const training = fit(mlp([2, 64, 64, 2]), twoMoons({n: 200}), {steps: 120, optimizer});
 * for await (const row of training);
 * display(await sparsityByLayer(training.params));
 * training.dispose();
 */
export function gradualCubic(optimizer: Optimizer, options: GradualCubicOptions): Optimizer {
  const {sparsity, distribution = uniform} = options;
  return gradual(optimizer, {...options, sparsity, distribution, schedule: cubic(options)});
}

function cubic({start, end, every = 100, initial = 0}: CubicOptions): SparsitySchedule {
  checkCount("start", start, 0);
  checkCount("end", end);
  checkCount("every", every);
  checkSparsity(initial, "initial");
  if (end <= start || (end - start) % every !== 0)
    throw new ArgumentError(
      `end must come a whole number of times \`every\` (${every}) after start (${start}), got ${end}.`
    );
  return {
    isUpdate: (step) => step >= start && step <= end && (step - start) % every === 0,
    sparsity(step, target) {
      if (step < start) return 0;
      const left = 1 - Math.min(1, (step - start) / (end - start));
      return target + (initial - target) * left ** 3;
    }
  };
}

/**
 * The layers of a dense network with as many weights as a sparse one has left: `sizes` as `mlp` takes them, the hidden ones narrower by one factor. What
 * large and sparse is compared with. Biases are not counted.
 */
export function smallDense(sizes: readonly number[], sparsity: number): number[] {
  checkSparsity(sparsity);
  if (sizes.length < 3)
    throw new ArgumentError(
      `smallDense needs sizes with a hidden layer, such as [64, 100, 10], got ${sizes}.`
    );
  const weights = (widths: readonly number[]) =>
    widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] as number), 0);
  const scaled = (factor: number) =>
    sizes.map((size, i) =>
      i === 0 || i === sizes.length - 1 ? size : Math.max(1, Math.round(size * factor))
    );
  const wanted = weights(sizes) * (1 - sparsity);
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; ++i) {
    const middle = (low + high) / 2;
    if (weights(scaled(middle)) <= wanted) low = middle;
    else high = middle;
  }
  return scaled(low);
}
