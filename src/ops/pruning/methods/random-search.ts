import {ArgumentError, checkCount} from "../../core/errors.ts";
import {evaluate} from "../../core/evaluate.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import {uniform} from "../../core/random.ts";
import type {BatchLoss} from "../../core/task.ts";
import {dispose, entries, type Params, unflatten} from "../../core/tree.ts";
import type {Dataset} from "../../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import {applyMasks, disposeMasks, type Masks, type Prunable} from "../masks.ts";
import {largestOf} from "../updaters/drop-and-grow.ts";

export interface RandomSearchOptions {
  /** Share of the units of every hidden layer that go, in [0, 1). */
  sparsity: number;
  /** How many random networks are tried, 100 by default. One is the random network that the search is compared with. */
  candidates?: number;
  /** The source of the candidates; key(0) by default. */
  key?: Key;
  /** Mean loss of a batch; as in fit by default. */
  loss?: BatchLoss;
  /** Kernels whose outputs are units to choose from; all but the last by default. */
  prunable?: Prunable;
}

/** What a random search found. The caller owns the masks. */
export interface RandomSearchResult {
  /** Of the candidate with the lowest loss: of kernels whole columns, of biases their entries. */
  masks: Masks;
  /** The loss of every candidate, before any training. */
  losses: number[];
  /** The number of the best. */
  best: number;
}

/**
 * Random search for a sparse architecture: many random choices of the units of an untrained network, each judged by its loss on data as
 * it stands; the best is to be trained under `masked(optimizer, {mask})`, or as a smaller network by `shrink`. A neutral baseline: its paper (Random Search
 * as a Baseline for Sparse Neural Network Architecture Search, 2024) finds the chosen networks no better than random ones.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {randomSearch} from "petri/pruning";
 *
 * const model = mlp([2, 32, 32, 2]);
 * const {losses, best} = await randomSearch(model, model.init(key(0)), twoMoons({n: 200}), {sparsity: 0.8, candidates: 50});
 * display(Plot.rectY(losses, Plot.binX({y: "count"})).plot({height: 160, x: {label: "loss before training"}}));
 * display(losses[best]);
 */
export async function randomSearch(
  model: Layer,
  params: Params,
  data: Dataset,
  options: RandomSearchOptions
): Promise<RandomSearchResult> {
  const {sparsity, candidates = 100, key = keyOf(0), loss, prunable = hiddenOf(params)} = options;
  checkSparsity(sparsity);
  checkCount("candidates", candidates);
  const losses: number[] = [];
  let found: {masks: Masks; best: number} | undefined;
  for (let candidate = 0; candidate < candidates; ++candidate) {
    const masks = randomUnits(params, {sparsity, key: key.fold(candidate), prunable});
    const now = tidy(() => applyMasks(params, masks));
    const judged = await evaluate(model, now, data, loss ? {loss} : {});
    dispose(now);
    losses.push(judged.loss);
    if (found && !(judged.loss < (losses[found.best] as number))) {
      disposeMasks(masks);
      continue;
    }
    if (found) disposeMasks(found.masks);
    found = {masks, best: candidate};
  }
  return {...(found as {masks: Masks; best: number}), losses};
}

function hiddenOf(params: Params): Prunable {
  const kernels = entries<Tensor>(params).filter(({leaf}) => leaf.rank > 1);
  const last = kernels.at(-1)?.path;
  return (path, leaf) => leaf.rank > 1 && path !== last;
}

/** Masks of random units: the columns of their kernels, and their biases, so that what they give stays at nothing. */
function randomUnits(
  params: Params,
  {sparsity, key, prunable}: {sparsity: number; key: Key; prunable: Prunable}
): Masks {
  return tidy(() => {
    const all = entries<Tensor>(params);
    const units = new Map<string, Tensor>();
    for (const {path, leaf} of all) {
      if (!prunable(path, leaf)) continue;
      const count = leaf.shape.at(-1) as number;
      units.set(layerOf(path), largestOf(uniform(key.fold(units.size), [count]), keptCount(count, sparsity)));
    }
    if (units.size === 0)
      throw new ArgumentError(
        "randomSearch: there is no hidden layer, `prunable` chose no kernel to take units from."
      );
    const maskOf = ({path, leaf}: {path: string; leaf: Tensor}) => {
      const own = units.get(layerOf(path));
      return own && own.size === leaf.shape.at(-1) ? tf.mul(tf.onesLike(leaf), own) : null;
    };
    return unflatten(params, all.map(maskOf));
  });
}

const layerOf = (path: string) => path.split("/").slice(0, -1).join("/");
