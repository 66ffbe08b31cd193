import {type Optimizer, type OptimizerState, stepOptimizer} from "../core/optimizers/optimizer.ts";
import {entries, map, type Params, type Tree} from "../core/tree.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
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
    isIrregular: (state) => optimizer.isIrregular?.(state) === true,
    init: (params) => tidy(() => optimizer.init(applyMasks(params, mask))),
    start: (params, state) =>
      tidy(() => {
        const kept = applyMasks(params, mask);
        return optimizer.start?.(kept, state) ?? kept;
      }),
    update: (grads, state, params) =>
      tidy(() => {
        const inner = optimizer.update(applyMasks(grads, mask), state, params);
        return {updates: holdAtZero(inner.updates, params, mask), state: inner.state};
      }),
    step: (grads, state, params) =>
      tidy(() => {
        const inner = stepOptimizer(optimizer, applyMasks(grads, mask), state, params);
        return {params: applyMasks(inner.params, mask), state: inner.state};
      })
  };
}

/** u where the mask keeps, -w where it prunes: w + (-w) is 0 to the bit. */
function holdAtZero(updates: Params, params: Params, masks: Masks): Params {
  const held = (update: Tensor, _path: string, param: Tensor, mask: Tensor | null) =>
    mask ? tf.where(tf.cast(mask, "bool"), update, tf.neg(param)) : update;
  return map(held as (leaf: Tensor | null) => Tensor, updates, params, masks) as Params;
}

/**
 * An optimizer's state with zeros in the moments of pruned weights: every part shaped like the parameters is masked, and so
 * is every part by path, as perPath keeps them.
 */
export function maskMoments(state: OptimizerState, params: Params, masks: Masks): OptimizerState {
  const leafAt = new Map(entries<Tensor>(params).map(({path, leaf}) => [path, leaf]));
  const maskAt = Object.fromEntries(entries<Tensor | null>(masks).map(({path, leaf}) => [path, leaf]));
  const visit = (part: OptimizerState): OptimizerState => {
    if (isLike(part, params)) return applyMasks(part as Params, masks);
    if (part instanceof tf.Tensor) return part.clone();
    if (typeof part !== "object") return part;
    if (Array.isArray(part)) return part.map(visit);
    const named = Object.entries(part) as [string, OptimizerState][];
    const isByPath = named.every(([path, each]) => isShapedLike(each, leafAt.get(path)));
    if (isByPath) return applyMasks(part as Params, maskAt as Masks);
    return Object.fromEntries(named.map(([name, each]) => [name, visit(each)]));
  };
  return visit(state);
}

function isShapedLike(part: OptimizerState, leaf: Tensor | undefined): boolean {
  return part instanceof tf.Tensor && part.shape.join() === leaf?.shape.join();
}

function isLike(tree: Tree<Tensor | number>, params: Params): boolean {
  if (params instanceof tf.Tensor) return isShapedLike(tree, params);
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
