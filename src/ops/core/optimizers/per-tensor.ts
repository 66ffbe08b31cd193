import type {Tensor} from "../../tf.ts";
import {map, type Params, unflatten} from "../tree.ts";
import {type LearningRate, type Optimizer, type OptimizerState, reportedRate} from "./optimizer.ts";

/** An optimizer whose kernels add the update to the parameter themselves (`keep` 1) or give it alone (`keep` 0). */
export function kernelOptimizer<S extends OptimizerState>({
  learningRate,
  init,
  run
}: {
  learningRate: LearningRate;
  init(params: Params): S;
  run(grads: Params, state: S, params: Params, keep: 0 | 1): {tree: Params; state: S};
}): Optimizer {
  return {
    learningRate: reportedRate(learningRate),
    init,
    update(grads, state, params) {
      const next = run(grads, state as S, params, 0);
      return {updates: next.tree, state: next.state};
    },
    step(grads, state, params) {
      const next = run(grads, state as S, params, 1);
      return {params: next.tree, state: next.state};
    }
  };
}

/**
 * Runs a kernel for every tensor: `outputs(leaf, path, ...leaves of the other trees)` is a list of `count` tensors, and the
 * trees that come back hold the first of each list, the second, and so on.
 */
export function perTensor(
  count: number,
  outputs: (leaf: Tensor, path: string, ...others: Tensor[]) => readonly Tensor[],
  tree: Params,
  ...others: Params[]
): Params[] {
  const lists: (readonly Tensor[])[] = [];
  map((leaf: Tensor, path, ...rest: Tensor[]) => lists.push(outputs(leaf, path, ...rest)), tree, ...others);
  return Array.from({length: count}, (_, output) =>
    unflatten(
      tree,
      lists.map((list) => list[output] as Tensor)
    )
  );
}
