// The state of optimizers that hold masks: found wherever it is nested, read, and taken off in the end.
import {ArgumentError} from "../../core/errors.ts";
import type {OptimizerState} from "../../core/optimizers/optimizer.ts";
import type {TrainState} from "../../core/train-step.ts";
import {clone, entries, type Params, unflatten} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks, type Masks, type Prunable} from "../masks.ts";

/** Tensors of the prunable parameters by path. */
export type Leaves = Record<string, Tensor>;

/** What an updater adds to the state of the optimizer that it wraps. */
export type SparseState = {
  /** Steps made so far. */
  maskStep: number;
  masks: Leaves;
  /** 1 where a weight was ever there. */
  explored: Leaves;
  inner: OptimizerState;
  /** What some updaters keep besides: weights under the masks, scores. */
  latent: Leaves;
};

function isSparse(part: OptimizerState): part is SparseState {
  return (
    typeof part === "object" &&
    !(part instanceof tf.Tensor) &&
    "maskStep" in part &&
    "masks" in part &&
    "inner" in part
  );
}

/** The state of an updater within that of an optimizer: also in chain, accumulate or ema. It belongs to the state. */
export function findSparse(state: OptimizerState): SparseState | undefined {
  if (typeof state !== "object" || state instanceof tf.Tensor) return undefined;
  if (isSparse(state)) return state;
  for (const part of Object.values(state) as OptimizerState[]) {
    const found = findSparse(part);
    if (found) return found;
  }
  return undefined;
}

/** findSparse, or an ArgumentError. */
export function sparseStateOf(state: OptimizerState, what: string): SparseState {
  const found = findSparse(state);
  if (found) return found;
  throw new ArgumentError(
    `${what} found no masks in this state. Wrap the optimizer: rigl(adam(), {sparsity: 0.9, end: 1000}).`
  );
}

/**
 * The masks in the state of an updater, as a tree like the parameters. They belong to the state.
 *
 * @example
 * import {fit, mlp, sgd} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {makePermanent, masksOf, rigl, sparsityOf} from "petri/pruning";
 *
 * const optimizer = rigl(sgd({learningRate: 0.1}), {sparsity: 0.8, end: 40, every: 10});
 * const training = fit(mlp([2, 32, 2]), twoMoons({n: 200}), {steps: 50, optimizer});
 * for await (const row of training);
 * const {state} = training;
 * display(await sparsityOf(masksOf(state.optimizerState, state.params)));
 * // Without the masks: what `fit(..., {state, optimizer: sgd(...)})` goes on from.
 * display(Object.keys(makePermanent(state).optimizerState));
 * training.dispose();
 */
export function masksOf(state: OptimizerState, params: Params): Masks {
  const {masks} = sparseStateOf(state, "masksOf");
  return treeOf(masks, params);
}

/**
 * The training state without the updater: pruned weights are zero for good, the optimizer's state is that of the optimizer inside, with
 * which the training can go on. The caller owns it.
 */
export function makePermanent<P extends Params>(state: TrainState<P>): TrainState<P> {
  return tidy(() => ({
    params: applyMasks(state.params, masksOf(state.optimizerState, state.params)),
    optimizerState: clone(unwrapped(state.optimizerState)),
    modelState: clone(state.modelState),
    step: state.step
  }));
}

function unwrapped(state: OptimizerState): OptimizerState {
  if (typeof state !== "object" || state instanceof tf.Tensor) return state;
  if (isSparse(state)) return state.inner;
  if (Array.isArray(state)) return state.map(unwrapped);
  return Object.fromEntries(
    Object.entries(state).map(([name, part]) => [name, unwrapped(part as OptimizerState)])
  );
}

/** f of every tensor and its path. */
export function mapLeaves(leaves: Leaves, f: (leaf: Tensor, path: string) => Tensor): Leaves {
  return Object.fromEntries(Object.entries(leaves).map(([path, leaf]) => [path, f(leaf, path)]));
}

/** The prunable parameters' part of a tree like the parameters, by path. */
export function chosenLeaves(tree: Params, like: Params, prunable: Prunable): Leaves {
  const leaves = entries<Tensor>(tree);
  return Object.fromEntries(
    entries<Tensor>(like).flatMap(({path, leaf}, i) =>
      prunable(path, leaf) ? [[path, (leaves[i] as {leaf: Tensor}).leaf]] : []
    )
  );
}

/** Masks by path as a tree like the parameters. */
export function treeOf(masks: Leaves, params: Params): Masks {
  return unflatten(
    params,
    entries(params).map(({path}) => masks[path] ?? null)
  );
}

/** The prunable parameters by path; throws an ArgumentError where there are none. */
export function weightsOf(params: Params, prunable: Prunable, title: string): Leaves {
  const weights = chosenLeaves(params, params, prunable);
  if (Object.keys(weights).length > 0) return weights;
  throw new ArgumentError(`${title}: nothing to prune, \`prunable\` chose no parameter.`);
}

/** Tensors with memory of their own: what shares memory when a step is recorded is taken to share it for good. */
export function copied(leaves: Leaves): Leaves {
  return mapLeaves(leaves, (leaf) => tf.mul(leaf, 1));
}
