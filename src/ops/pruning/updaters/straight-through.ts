import {type Optimizer, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {clone, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Distribution} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import {applyMasks, kernelsOnly, type Prunable} from "../masks.ts";
import type {SparsitySchedule} from "../schedules.ts";
import {sparseOptimizer} from "./sparse-optimizer.ts";
import {
  chosenLeaves,
  copied,
  type Leaves,
  mapLeaves,
  type SparseState,
  treeOf,
  weightsOf
} from "./sparse-state.ts";
import {largestAsBefore, largestWeights} from "./topology.ts";

/** How masks follow from the weights beneath them. */
export interface LatentRule {
  /** For messages. */
  readonly title: string;
  /**
   * The masks at a step, from 0, of the dense weights by path, and of the masks before, which step 0 lacks. A step that is no update may be
   * replayed at another number: what depends on the step has to come from the masks then.
   */
  choose(dense: Leaves, step: number, before?: Leaves): Leaves;
  /** Whether masks are chosen at a step otherwise than at the step before; never by default. */
  isUpdate?(step: number): boolean;
}

/**
 * An optimizer that trains dense weights of which the network sees the masked ones: the parameters are dense x mask, their
 * gradient is taken for that of the dense weights (straight through), and the masks follow from them after every step. The dense
 * weights are part of the optimizer's state (`denseWeights`). What straight-through methods stand on.
 */
export function latent(
  optimizer: Optimizer,
  rule: LatentRule,
  options: {prunable?: Prunable} = {}
): Optimizer {
  const {prunable = kernelsOnly} = options;
  const step = (grads: Params, state: SparseState, params: Params) => {
    const dense = map((leaf: Tensor, path) => state.latent[path] ?? leaf, params);
    const moved = stepOptimizer(optimizer, grads, state.inner, dense);
    const next = chosenLeaves(moved.params, params, prunable);
    const maskStep = state.maskStep + 1;
    const masks = rule.choose(next, maskStep, state.masks);
    const explored = mapLeaves(masks, (mask, path) => tf.maximum(mask, state.explored[path] as Tensor));
    return {
      params: applyMasks(moved.params, treeOf(masks, params)),
      state: {maskStep, masks, explored, inner: moved.state, latent: clone(next)}
    };
  };
  return sparseOptimizer({
    optimizer,
    step,
    isIrregular: ({maskStep}) => rule.isUpdate?.(maskStep + 1) === true,
    init(params) {
      const weights = weightsOf(params, prunable, rule.title);
      const masks = rule.choose(weights, 0);
      return {
        maskStep: 0,
        masks,
        explored: copied(masks),
        inner: optimizer.init(params),
        latent: copied(weights)
      };
    }
  });
}

export interface StraightThroughOptions {
  /** Share of the prunable weights that are zero, in [0, 1). */
  sparsity: number;
  /** How sparse the network is by when; at the sparsity from the start without one. */
  schedule?: SparsitySchedule;
  /** How the sparsity is shared out among the layers; without one all weights are compared with each other. */
  distribution?: Distribution;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/**
 * Straight-through magnitude pruning (Bengio et al. 2013; Lin et al. 2020): the network sees the largest weights, all weights learn.
 * After every step the masks are chosen anew, so that a weight may come back with what it learned meanwhile.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {sparsityOf, straightThrough} from "petri/pruning";
 *
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer: straightThrough(adam(), {sparsity: 0.8})});
 * for await (const row of training);
 * display(await sparsityOf(training.params));
 * training.dispose();
 */
export function straightThrough(optimizer: Optimizer, options: StraightThroughOptions): Optimizer {
  const {sparsity, schedule, distribution} = options;
  checkSparsity(sparsity);
  const sparsityAt = (step: number) => (schedule ? schedule.sparsity(step, sparsity) : sparsity);
  const isUpdate = (step: number) => step > 0 && sparsityAt(step) !== sparsityAt(step - 1);
  const rule: LatentRule = {
    title: "straightThrough",
    isUpdate,
    choose: (dense, step, before) =>
      before && !isUpdate(step)
        ? largestAsBefore(dense, before, distribution)
        : largestWeights(dense, sparsityAt(step), distribution)
  };
  return latent(optimizer, rule, options);
}
