import {type Key, key as keyOf} from "../../core/key.ts";
import {type Optimizer, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {uniform as uniformNumbers} from "../../core/random.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type Distribution, uniform} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
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
import {largestWeights} from "./topology.ts";

/** Frozen weights that are changed now and then, by what their scores have come to. */
export interface WeightRule {
  /** Whether weights are changed at a step, from 0. */
  isUpdate(step: number): boolean;
  /** New weights by path, tensors of their own. */
  choose(seen: {weights: Leaves; scores: Leaves}): Leaves;
}

export interface SupermaskOptions {
  /** Share of the prunable weights that are zero, in [0, 1). */
  sparsity: number;
  /** How it is shared out among the layers; uniform by default. */
  distribution?: Distribution;
  /** The source of the first scores; key(0) by default. */
  key?: Key;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
  /** Changes the weights at some steps; they stay what they were without it. */
  renew?: WeightRule;
}

/**
 * Edge-popup (Ramanujan et al. 2020): the weights stay what they were at the start; every weight has a score that the optimizer
 * trains, and the weights with the largest |score| of each layer are there. A score's gradient is that of the weight times the weight
 * and the sign of the score, straight through the choice. Parameters that are not pruned stay as they are too.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {supermask} from "petri/pruning";
 *
 * const optimizer = supermask(adam({learningRate: 0.02}), {sparsity: 0.5});
 * const rows = [];
 * const training = fit(mlp([2, 128, 2]), twoMoons({n: 200}), {steps: 150, optimizer});
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * training.dispose();
 */
export function supermask(optimizer: Optimizer, options: SupermaskOptions): Optimizer {
  const {sparsity, distribution = uniform, key = keyOf(0), prunable = kernelsOnly, renew} = options;
  checkSparsity(sparsity);
  const step = (grads: Params, state: SparseState, params: Params) => {
    const {scores, weights} = split(state.latent);
    const slopes = chosenLeaves(grads, params, prunable);
    const byScore = mapLeaves(scores, (score, path) =>
      tf.mul(tf.mul(slopes[path] as Tensor, weights[path] as Tensor), tf.sign(score))
    );
    const moved = stepOptimizer(optimizer, byScore, state.inner, scores);
    const masks = largestWeights(moved.params as Leaves, sparsity, distribution);
    const explored = mapLeaves(masks, (mask, path) => tf.maximum(mask, state.explored[path] as Tensor));
    const held = renew?.isUpdate(state.maskStep)
      ? renew.choose({weights, scores: moved.params as Leaves})
      : weights;
    const all = map((leaf: Tensor, path) => held[path] ?? leaf, params);
    return {
      params: applyMasks(all, treeOf(masks, params)),
      state: {
        maskStep: state.maskStep + 1,
        masks,
        explored,
        inner: moved.state,
        latent: joined(moved.params as Leaves, held)
      }
    };
  };
  return sparseOptimizer({
    optimizer,
    step,
    isIrregular: ({maskStep}) => renew?.isUpdate(maskStep) === true,
    init(params) {
      const weights = weightsOf(params, prunable, "supermask");
      const scores = Object.fromEntries(
        Object.entries(weights).map(([path, leaf], i) => [path, firstScores(leaf, key.fold(i))])
      );
      const masks = largestWeights(scores, sparsity, distribution);
      return {
        maskStep: 0,
        masks,
        explored: copied(masks),
        inner: optimizer.init(scores),
        latent: joined(scores, copied(weights))
      };
    }
  });
}

/** Uniform in +-1 / sqrt(inputs), as the original draws them; 0, chosen last, for weights that are zero. */
function firstScores(weights: Tensor, key: Key): Tensor {
  const {shape, size} = weights;
  const bound = 1 / Math.sqrt(size / (shape.at(-1) as number));
  return tf.mul(uniformNumbers(key, shape, -bound, bound), tf.cast(tf.notEqual(weights, 0), "float32"));
}

/** Scores and frozen weights in one record, as the state has them. */
function joined(scores: Leaves, weights: Leaves): Leaves {
  const named = (kind: string, leaves: Leaves) =>
    Object.entries(leaves).map(([path, leaf]) => [`${kind} ${path}`, leaf]);
  return Object.fromEntries([...named("score", scores), ...named("weight", weights)]);
}

function split(latent: Leaves): {scores: Leaves; weights: Leaves} {
  const part = (kind: string) =>
    Object.fromEntries(
      Object.entries(latent).flatMap(([name, leaf]) =>
        name.startsWith(`${kind} `) ? [[name.slice(kind.length + 1), leaf]] : []
      )
    );
  return {scores: part("score"), weights: part("weight")};
}
