import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import type {Params} from "../../core/tree.ts";
import {checkSparsity} from "../kept-counts.ts";
import {masked} from "../masked.ts";
import {applyMasks, type Masks} from "../masks.ts";
import {type RandomPruningOptions, randomPruning} from "./random-pruning.ts";

/** A sparse network to begin with. The caller owns the tensors. */
export interface RandomSource<P extends Params = Params> {
  masks: Masks;
  /** The parameters under the masks: what the training begins with. */
  params: P;
  /** Any dense-to-sparse method, kept within the masks. */
  restrict(optimizer: Optimizer): Optimizer;
}

/**
 * A sparse start (Gadhikar et al. 2023): a random Erdos-Renyi network takes the place of the dense one in which a dense-to-sparse
 * method looks for its own. `restrict` keeps any of them within it (`gradual`, `supermask`, `straightThrough`, `acdc`, or plain adam()), which makes it sparse from
 * the first step. The sparsity that the method is asked for is that of all weights: at least the source's. How much wider the source must be than what
 * it is to contain, says `sourceWidth`.
 *
 * @example
 * import {adam, fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {gradual, randomSource, schedules, sparsityOf} from "petri/pruning";
 *
 * const model = mlp([2, 64, 64, 2]);
 * const source = await randomSource(model.init(key(0)), {sparsity: 0.5});
 * const schedule = schedules.polynomial({start: 10, end: 60, every: 10});
 * const optimizer = source.restrict(gradual(adam(), {sparsity: 0.9, schedule}));
 * const training = fit(model, twoMoons({n: 200}), {steps: 80, params: source.params, optimizer});
 * for await (const row of training);
 * display([await sparsityOf(source.params), await sparsityOf(training.params)]);
 * training.dispose();
 */
export async function randomSource<P extends Params>(
  params: P,
  options: RandomPruningOptions
): Promise<RandomSource<P>> {
  const masks = await randomPruning(params, {ratios: "er", ...options});
  return {
    masks,
    params: applyMasks(params, masks),
    restrict: (optimizer) => masked(optimizer, {mask: masks})
  };
}

/**
 * How many times wider a random source of a sparsity has to be, up to a constant, to contain an approximation of any network of
 * half its depth (Gadhikar et al. 2023): 1 / ln(1 / sparsity), and never less than 1.
 */
export function sourceWidth(sparsity: number): number {
  checkSparsity(sparsity);
  return sparsity === 0 ? 1 : Math.max(1, 1 / Math.log(1 / sparsity));
}
