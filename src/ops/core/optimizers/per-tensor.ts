import {type Tensor, tidy} from "../../tf.ts";
import {ShapeError} from "../errors.ts";
import {map, type Params, unflatten} from "../tree.ts";
import {type LearningRate, type Optimizer, type OptimizerState, reportedRate} from "./optimizer.ts";
import {type UpdateClock, updateClock} from "./update-clock.ts";

/**
 * An optimizer whose kernels add the update to the parameter themselves (`keep` 1) or give it alone (`keep` 0). The clock says
 * which update it is, now and in later steps of the training.
 */
export function kernelOptimizer<S extends OptimizerState & {step: number}>({
  learningRate,
  init,
  run
}: {
  learningRate: LearningRate;
  init(params: Params): S;
  run(grads: Params, state: S, params: Params, keep: 0 | 1, clock: UpdateClock): {tree: Params; state: S};
}): Optimizer {
  return {
    learningRate: reportedRate(learningRate),
    init,
    update: (grads, state, params) =>
      tidy(() => {
        const next = run(grads, state as S, params, 0, updateClock(state as S));
        return {updates: next.tree, state: next.state};
      }),
    step: (grads, state, params) =>
      tidy(() => {
        const next = run(grads, state as S, params, 1, updateClock(state as S));
        return {params: next.tree, state: next.state};
      })
  };
}

/**
 * Runs a kernel for every tensor: `outputs(leaf, path, ...leaves of the other trees)` is a list of `count` tensors, and the
 * trees that come back hold the first of each list, the second, and so on. Throws a ShapeError where leaves at one path
 * differ in shape: a kernel would read past the end of one.
 */
export function perTensor(
  count: number,
  outputs: (leaf: Tensor, path: string, ...others: Tensor[]) => readonly Tensor[],
  tree: Params,
  ...others: Params[]
): Params[] {
  const lists: (readonly Tensor[])[] = [];
  const run = (leaf: Tensor, path: string, ...rest: Tensor[]) => {
    checkShapes(leaf, path, rest);
    lists.push(outputs(leaf, path, ...rest));
  };
  map(run, tree, ...others);
  return Array.from({length: count}, (_, output) =>
    unflatten(
      tree,
      lists.map((list) => list[output] as Tensor)
    )
  );
}

function checkShapes(leaf: Tensor, path: string, others: readonly Tensor[]): void {
  const odd = others.find(({shape}) => shape.join() !== leaf.shape.join());
  if (!odd) return;
  throw new ShapeError(
    `${path || "optimizer"}: expected parameter, gradient and the optimizer's state to have one shape, got [${leaf.shape.join(", ")}] and [${odd.shape.join(", ")}]. The state must be that of init() for these parameters.`
  );
}
