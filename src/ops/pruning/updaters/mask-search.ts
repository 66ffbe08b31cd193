import {type Optimizer, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {applyMasks, kernelsOnly, type Prunable} from "../masks.ts";
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

/** Frozen weights that are changed now and then, by what their scores have come to. */
export interface WeightRule {
  /** Whether weights are changed at a step, from 0. */
  isUpdate(step: number): boolean;
  /** New weights by path, tensors of their own. */
  choose(seen: {weights: Leaves; scores: Leaves}): Leaves;
}

/** How a search among the weights of a frozen network goes. Everything is by path. */
export interface MaskSearch {
  /** For messages. */
  readonly title: string;
  /** The first scores and masks, and whatever else the search keeps. */
  begin(weights: Leaves): {scores: Leaves; masks: Leaves; extra?: Leaves};
  /** The gradient of a score, of the gradient of the weight, the weight and the score. */
  slope(grad: Tensor, weight: Tensor, score: Tensor): Tensor;
  /** The masks that follow from the scores after a step, and what is kept besides. Computed on the device: every step does the same. */
  choose(now: {scores: Leaves; masks: Leaves; extra: Leaves}): {masks: Leaves; extra?: Leaves};
  /** Changes the weights at some steps; they stay what they were without it. */
  renew?: WeightRule | undefined;
}

/**
 * An optimizer that trains a score for every weight and leaves all parameters as they were: the network sees the weights that the
 * search chooses by their scores. The frozen weights, the scores and what the search keeps are part of its state.
 */
export function maskSearch(
  optimizer: Optimizer,
  search: MaskSearch,
  {prunable = kernelsOnly}: {prunable?: Prunable} = {}
): Optimizer {
  const step = (grads: Params, state: SparseState, params: Params) => {
    const {latent, masks: before, maskStep} = state;
    const [weights, scores, extra] = (["weight", "score", "extra"] as const).map((kind) =>
      partOf(latent, kind)
    ) as [Leaves, Leaves, Leaves];
    const byScore = mapLeaves(chosenLeaves(grads, params, prunable), (grad, path) =>
      search.slope(grad, weights[path] as Tensor, scores[path] as Tensor)
    );
    const moved = stepOptimizer(optimizer, byScore, state.inner, scores);
    const chosen = search.choose({scores: moved.params as Leaves, masks: before, extra});
    const held = search.renew?.isUpdate(maskStep)
      ? search.renew.choose({weights, scores: moved.params as Leaves})
      : weights;
    const all = map((leaf: Tensor, path) => held[path] ?? leaf, params);
    return {
      params: applyMasks(all, treeOf(chosen.masks, params)),
      state: {
        maskStep: maskStep + 1,
        masks: chosen.masks,
        explored: mapLeaves(chosen.masks, (mask, path) => tf.maximum(mask, state.explored[path] as Tensor)),
        inner: moved.state,
        latent: joined({weight: held, score: moved.params as Leaves, extra: chosen.extra ?? extra})
      }
    };
  };
  return sparseOptimizer({
    optimizer,
    step,
    isIrregular: ({maskStep}) => search.renew?.isUpdate(maskStep) === true,
    init(params) {
      const weights = weightsOf(params, prunable, search.title);
      const {scores, masks, extra = {}} = search.begin(weights);
      return {
        maskStep: 0,
        masks,
        explored: copied(masks),
        inner: optimizer.init(scores),
        latent: joined({weight: copied(weights), score: scores, extra})
      };
    }
  });
}

/** Several records in one, as the state has them. */
function joined(parts: Readonly<Record<string, Leaves>>): Leaves {
  return Object.fromEntries(
    Object.entries(parts).flatMap(([kind, leaves]) =>
      Object.entries(leaves).map(([path, leaf]) => [`${kind} ${path}`, leaf] as const)
    )
  );
}

function partOf(latent: Leaves, kind: string): Leaves {
  return Object.fromEntries(
    Object.entries(latent).flatMap(([name, leaf]) =>
      name.startsWith(`${kind} `) ? [[name.slice(kind.length + 1), leaf] as const] : []
    )
  );
}
