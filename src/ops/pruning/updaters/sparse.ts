import {ArgumentError} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {entries, map, type Params, zerosLike} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {maskMoments} from "../masked.ts";
import {applyMasks, kernelsOnly, type Masks, type Prunable} from "../masks.ts";
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

/** What a rule knows when masks begin. */
export interface MaskStart {
  /** The prunable parameters by path. */
  weights: Leaves;
  /** A key of this start's own. */
  key: Key;
}

/** What a rule knows when masks are chosen anew. Everything is by path, of the prunable parameters. */
export interface MaskChange extends MaskStart {
  /** The step under way, from 0. */
  step: number;
  masks: Leaves;
  /** The gradients of this step, of pruned weights too. */
  grads: Leaves;
  /** What the rule remembers. */
  memory: Leaves;
  /** Mean gradients that the optimizer keeps, Adam's mu or SGD's velocity; throws an ArgumentError where it keeps none. */
  momentum(): Leaves;
}

/**
 * When masks change and how: what tells one sparse training from another. Masks are computed from tensors on the device and
 * nothing is read back: see `dropSmallest`, `growLargest`, `largestOf`.
 */
export interface MaskRule {
  /** For messages. */
  readonly title: string;
  /** Whether masks are chosen anew at a step, from 0. */
  isUpdate(step: number): boolean;
  /** The first masks; nothing is pruned by default. */
  begin?(start: MaskStart): Leaves;
  /** New masks, 1 keep and 0 prune (float32), of the same shapes. */
  choose(change: MaskChange): Leaves;
  /** A step that chooses masks makes no gradient step (SET and RigL); the optimizer inside counts it all the same. */
  readonly skipsGradient?: boolean;
  /** What the rule keeps besides the masks, from one change to the next: of the first masks, and of those after each change. */
  remember?(now: {masks: Leaves; memory: Leaves}): Leaves;
  /** The optimizer inside sees the gradients of pruned weights too, so that its momentum tells where to grow (SNFS). */
  readonly seesAllGradients?: boolean;
}

/** What every updater takes. */
export interface UpdaterOptions {
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
  /** The source of random masks; key(0) by default. */
  key?: Key;
  /** Masks to begin with, instead of the updater's own. They are copied. */
  masks?: Masks;
}

/**
 * An optimizer under masks that a rule changes while it trains. Pruned weights are exactly zero after every step and the optimizer
 * inside never sees their gradients; grown weights start at zero with their moments at zero. The masks are part of the
 * optimizer's state: they are saved with checkpoints, `masksOf` reads them and `makePermanent` takes them off.
 * Steps that choose masks are irregular (`Optimizer.isIrregular`).
 *
 * @example
 * import {adam, fit, mlp, tree} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {growLargest, largestOf, sparse, sparsityOf} from "petri/pruning";
 *
 * // A rule of one's own: every 20 steps the largest tenth of |w| + |gradient| is there.
 * const rule = {
 *   title: "largest", isUpdate: (step) => step % 20 === 0,
 *   choose: ({weights, grads}) => Object.fromEntries(Object.entries(weights).map(([path, w]) =>
 *     [path, largestOf(w.abs().add(grads[path].abs()), Math.round(w.size / 10))]))
 * };
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 50, optimizer: sparse(adam(), rule)});
 * for await (const row of training);
 * display(await sparsityOf(training.params));
 * training.dispose();
 */
export function sparse(optimizer: Optimizer, rule: MaskRule, options: UpdaterOptions = {}): Optimizer {
  const {prunable = kernelsOnly, key = keyOf(0), masks: given} = options;
  const leavesOf = (tree: Params, like: Params): Leaves => chosenLeaves(tree, like, prunable);

  function step(grads: Params, state: SparseState, params: Params) {
    const next = rule.isUpdate(state.maskStep) ? changed(grads, state, params) : state;
    if (next !== state && rule.skipsGradient) {
      const inner = counted(optimizer, next.inner, params);
      const masked = applyMasks(params, treeOf(next.masks, params));
      return {params: masked, state: {...next, inner, maskStep: state.maskStep + 1}};
    }
    const masks = treeOf(next.masks, params);
    const seen = rule.seesAllGradients ? grads : applyMasks(grads, masks);
    const moved = stepOptimizer(optimizer, seen, next.inner, params);
    return {
      params: applyMasks(moved.params, masks),
      state: {...next, inner: moved.state, maskStep: state.maskStep + 1}
    };
  }

  function changed(grads: Params, state: SparseState, params: Params): SparseState {
    const {maskStep, inner, masks: old} = state;
    const masks = rule.choose({
      step: maskStep,
      weights: leavesOf(params, params),
      masks: old,
      grads: leavesOf(grads, params),
      key: key.fold(maskStep + 1),
      memory: state.latent,
      momentum: () => leavesOf(momentumOf(inner, params, rule.title), params)
    });
    checkMasks(rule.title, masks, old);
    const regrown = (mask: Tensor, path: string) => tf.sub(1, tf.mul(mask, tf.sub(1, old[path] as Tensor)));
    const kept = mapLeaves(masks, regrown);
    return {
      ...state,
      masks,
      explored: mapLeaves(masks, (mask, path) => tf.maximum(mask, state.explored[path] as Tensor)),
      latent: rule.remember?.({masks, memory: state.latent}) ?? state.latent,
      inner: maskMoments(inner, params, treeOf(kept, params))
    };
  }

  return sparseOptimizer({
    optimizer,
    step,
    isIrregular: ({maskStep}) => rule.isUpdate(maskStep),
    init(params) {
      const weights = weightsOf(params, prunable, rule.title);
      const masks = given
        ? givenMasks(given, weights, rule.title)
        : (rule.begin?.({weights, key: key.fold(0)}) ?? mapLeaves(weights, (leaf) => tf.onesLike(leaf)));
      checkMasks(rule.title, masks, weights);
      const latent = copied(rule.remember?.({masks, memory: {}}) ?? {});
      return {maskStep: 0, masks, explored: copied(masks), inner: optimizer.init(params), latent};
    }
  });
}

/** The state as it is, with the counters of one step more: schedules stay in time with the training, and ordinary steps alike. */
function counted(optimizer: Optimizer, state: OptimizerState, params: Params): OptimizerState {
  const after = stepOptimizer(optimizer, zerosLike(params), state, params).state;
  const count = (leaf: Tensor | number, _path: string, next: Tensor | number | undefined) =>
    typeof leaf === "number" ? (next as number) : leaf;
  return map(count as (leaf: Tensor | number) => Tensor | number, state, after);
}

/** The mean gradients in an optimizer's state: the first part called mu or velocity. */
function momentumOf(state: OptimizerState, params: Params, title: string): Params {
  const find = (part: OptimizerState): Params | undefined => {
    if (typeof part !== "object" || part instanceof tf.Tensor) return undefined;
    for (const [name, each] of Object.entries(part) as [string, OptimizerState][]) {
      const isWhole = entries(each).length === entries(params).length;
      if ((name === "mu" || name === "velocity") && isWhole) return each as Params;
      const inside = find(each);
      if (inside) return inside;
    }
    return undefined;
  };
  const found = find(state);
  if (found) return found;
  throw new ArgumentError(
    `${title} grows by momentum, and this optimizer keeps none: use adam() or sgd({learningRate, momentum: 0.9}).`
  );
}

function givenMasks(given: Masks, weights: Leaves, title: string): Leaves {
  const byPath = new Map(entries<Tensor | null>(given).map(({path, leaf}) => [path, leaf]));
  const unknown = [...byPath].find(([path, mask]) => mask && !(path in weights));
  if (unknown)
    throw new ArgumentError(
      `${title}: there is no prunable parameter "${unknown[0]}" for a mask; there are ${Object.keys(weights).join(", ")}.`
    );
  return mapLeaves(weights, (leaf, path) => byPath.get(path)?.clone() ?? tf.onesLike(leaf));
}

function checkMasks(title: string, masks: Leaves, like: Leaves): void {
  for (const [path, {shape}] of Object.entries(like)) {
    const got = masks[path]?.shape;
    if (got?.join() !== shape.join())
      throw new ArgumentError(
        `${title}: the mask of ${path} must have the shape [${shape.join(", ")}], got ${got ? `[${got.join(", ")}]` : "none"}.`
      );
  }
}
