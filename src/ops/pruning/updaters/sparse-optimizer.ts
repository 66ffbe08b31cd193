import type {Optimizer, OptimizerState} from "../../core/optimizers/optimizer.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {applyMasks} from "../masks.ts";
import {type SparseState, treeOf} from "./sparse-state.ts";

/** What tells one optimizer with masks from another. */
interface Parts {
  /** The optimizer inside. */
  optimizer: Optimizer;
  init(params: Params): SparseState;
  step(grads: Params, state: SparseState, params: Params): {params: Params; state: SparseState};
  /** Whether the next step is irregular for its own sake. */
  isIrregular?(state: SparseState): boolean;
}

/** An optimizer whose state holds masks, around another one. */
export function sparseOptimizer({optimizer, init, step, isIrregular}: Parts): Optimizer {
  const innerOf = (state: OptimizerState) => (state as SparseState).inner;
  const stepped = (grads: Params, state: OptimizerState, params: Params) =>
    tidy(() => step(grads, state as SparseState, params));
  return {
    learningRate: (state) => optimizer.learningRate?.(innerOf(state)),
    isIrregular: (state) =>
      isIrregular?.(state as SparseState) === true || optimizer.isIrregular?.(innerOf(state)) === true,
    init: (params) => tidy(() => init(params)),
    start: (params, state) => tidy(() => applyMasks(params, treeOf((state as SparseState).masks, params))),
    step: stepped,
    update: (grads, state, params) =>
      tidy(() => {
        const next = stepped(grads, state, params);
        const difference = (now: Tensor, _path: string, old: Tensor) => tf.sub(now, old);
        return {updates: map(difference as (leaf: Tensor) => Tensor, next.params, params), state: next.state};
      })
  };
}
