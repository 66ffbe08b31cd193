import {type Optimizer, type OptimizerState, stepOptimizer} from "../core/optimizers/optimizer.ts";
import {map, type Params, type Tree} from "../core/tree.ts";
import {type Tensor, tf} from "../tf.ts";
import {applyMasks, type Masks} from "./masks.ts";

/**
 * An optimizer that keeps pruned weights at exactly zero: it never sees their gradients, so that their moments stay zero
 * too, and its updates take any pruned weight that is not yet zero there. The masks stay the caller's.
 *
 * @example
 * import {adam, fit, key, mlp, tree} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {applyMasks, masked, prune} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const dense = model.init(key(0));
 * const mask = await prune(dense, {sparsity: 0.5});
 * const training = fit(model, twoMoons(), {params: applyMasks(dense, mask), steps: 50, optimizer: masked(adam(), {mask})});
 * for await (const row of training);
 * const zeros = ({path, leaf}) => ({path, zeros: leaf.equal(0).sum().arraySync(), of: leaf.size});
 * display(Inputs.table(tree.entries(training.params).map(zeros)));
 * training.dispose();
 */
export function masked(optimizer: Optimizer, options: {mask: Masks}): Optimizer {
  const {mask} = options;
  return {
    learningRate: (state) => optimizer.learningRate?.(state),
    init: (params) => optimizer.init(params),
    update(grads, state, params) {
      const inner = optimizer.update(applyMasks(grads, mask), state, params);
      return {updates: holdAtZero(inner.updates, params, mask), state: inner.state};
    },
    step(grads, state, params) {
      const inner = stepOptimizer(optimizer, applyMasks(grads, mask), state, params);
      return {params: applyMasks(inner.params, mask), state: inner.state};
    }
  };
}

/** u where the mask keeps, -w where it prunes: w + (-w) is 0 to the bit. */
function holdAtZero(updates: Params, params: Params, masks: Masks): Params {
  const held = (update: Tensor, _path: string, param: Tensor, mask: Tensor | null) =>
    mask ? tf.where(tf.cast(mask, "bool"), update, tf.neg(param)) : update;
  return map(held as (leaf: Tensor | null) => Tensor, updates, params, masks) as Params;
}

/** An optimizer's state with zeros in the moments of pruned weights: every part shaped like the parameters is masked. */
export function maskMoments(state: OptimizerState, params: Params, masks: Masks): OptimizerState {
  if (state instanceof tf.Tensor) return state.clone();
  if (typeof state !== "object") return state;
  if (isLike(state, params)) return applyMasks(state as Params, masks);
  if (Array.isArray(state)) return state.map((each) => maskMoments(each, params, masks));
  return Object.fromEntries(
    Object.entries(state).map(([name, each]) => [name, maskMoments(each as OptimizerState, params, masks)])
  );
}

function isLike(tree: Tree<Tensor | number>, params: Params): boolean {
  if (params instanceof tf.Tensor)
    return tree instanceof tf.Tensor && tree.shape.join() === params.shape.join();
  if (typeof tree !== "object" || tree instanceof tf.Tensor || Array.isArray(tree) !== Array.isArray(params))
    return false;
  const names = Object.keys(params);
  return (
    names.length > 0 &&
    names.length === Object.keys(tree).length &&
    names.every((name) => {
      const own = (tree as Record<string, Tree<Tensor | number>>)[name];
      return own !== undefined && isLike(own, (params as Record<string, Params>)[name] as Params);
    })
  );
}
