import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform as uniformNumbers} from "../../core/random.ts";
import {entries, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type Distribution, uniform} from "../distributions.ts";
import {checkSparsity} from "../kept-counts.ts";
import {kernelsOnly, type Prunable} from "../masks.ts";
import {largestOf} from "../updaters/drop-and-grow.ts";
import {type MaskSearch, maskSearch} from "../updaters/mask-search.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {countsByLayer} from "../updaters/topology.ts";

export interface PartiallyFrozenOptions {
  /** Share of the prunable weights that are zero in all, in [0, 1). */
  sparsity: number;
  /** Share of every layer's weights, chosen at random, that are never there; at most the sparsity. */
  pruned?: number;
  /** Share of every layer's weights, chosen at random, that are always there; at most what the sparsity leaves. */
  locked?: number;
  /** How the sparsity is shared out among the layers; uniform by default. */
  distribution?: Distribution;
  /** The source of the frozen places and the first scores; key(0) by default. */
  key?: Key;
  /** Which parameters may be pruned: those of rank 2 and more by default. */
  prunable?: Prunable;
}

/**
 * Strong lottery tickets in partially frozen random networks (Otsuka et al. 2024): before edge-popup looks for a network among random
 * weights, a part of them, drawn at random, is pruned for good and another locked in; scores matter, and masks have to be
 * stored, for the rest alone (the frozen places follow from the key). The frozen parts are the same share of every layer.
 * For the search itself see `supermask`.
 *
 * @example
 * import {adam, fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {partiallyFrozen, searchableWeights} from "petri/pruning";
 *
 * const model = mlp([2, 128, 2]);
 * const options = {sparsity: 0.5, pruned: 0.35, locked: 0.35};
 * const rows = [];
 * const training = fit(model, twoMoons({n: 200}), {steps: 150, optimizer: partiallyFrozen(adam({learningRate: 0.02}), options)});
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * display({"bits of the mask to store": searchableWeights(training.params, options)});
 * training.dispose();
 */
export function partiallyFrozen(optimizer: Optimizer, options: PartiallyFrozenOptions): Optimizer {
  const {sparsity, distribution = uniform, key = keyOf(0), prunable} = options;
  const {pruned, locked} = sharesOf(options);
  const search: MaskSearch = {
    title: "partiallyFrozen",
    begin(weights) {
      const bounds = mapLeaves(weights, ({size, shape}) =>
        tf.fill(shape, 1 / Math.sqrt(size / (shape.at(-1) as number)))
      );
      const draw = (i: number, use: number, shape: number[]) => uniformNumbers(key.fold(i).fold(use), shape);
      const counts = countsByLayer(weights, {sparsity, distribution});
      const scores: Leaves = {};
      const frozen: Leaves = {};
      Object.entries(weights).forEach(([path, {shape, size}], i) => {
        const [out, fixed] = [Math.round(pruned * size), Math.round(locked * size)];
        const order = draw(i, 0, shape);
        const count = counts[path] as number;
        if (count < fixed || count > size - out)
          throw new ArgumentError(
            `${path} keeps ${count} of ${size} weights, but ${fixed} are locked and ${out} pruned: freeze less, or share the sparsity out evenly.`
          );
        const last = largestOf(order, out);
        frozen[path] = tf.sub(tf.sub(largestOf(order, out + fixed), last), last);
        scores[path] = tf.mul(tf.sub(tf.mul(draw(i, 1, shape), 2), 1), bounds[path] as Tensor);
      });
      return {scores, masks: chosen(scores, frozen), extra: frozen};
    },
    slope: (grad, weight, score) => tf.mul(tf.mul(grad, weight), tf.sign(score)),
    choose: ({scores, extra}) => ({masks: chosen(scores, extra)})
  };

  /** The locked weights and the largest |score| of those that may be searched. `frozen` is 1 for locked, -1 for pruned, 0 else. */
  function chosen(scores: Leaves, frozen: Leaves): Leaves {
    const counts = countsByLayer(scores, {sparsity, distribution});
    return mapLeaves(scores, (score, path) => {
      const place = frozen[path] as Tensor;
      const far = tf.fill(score.shape, Infinity);
      const free = tf.where(
        tf.equal(place, 0),
        tf.abs(score),
        tf.where(tf.greater(place, 0), far, tf.neg(far))
      );
      return largestOf(free, counts[path] as number);
    });
  }

  return maskSearch(optimizer, search, {prunable});
}

/** How many weights are searched, and so how many bits of mask have to be stored; the frozen ones follow from the key. */
export function searchableWeights(params: Params, options: PartiallyFrozenOptions): number {
  const {prunable = kernelsOnly} = options;
  const {pruned, locked} = sharesOf(options);
  return entries<Tensor>(params)
    .filter(({path, leaf}) => prunable(path, leaf))
    .reduce((sum, {leaf: {size}}) => sum + size - Math.round(pruned * size) - Math.round(locked * size), 0);
}

function sharesOf({sparsity, pruned = 0, locked = 0}: PartiallyFrozenOptions) {
  checkSparsity(sparsity);
  checkNumber("pruned", pruned, 0, 1);
  checkNumber("locked", locked, 0, 1);
  if (pruned > sparsity || locked > 1 - sparsity)
    throw new ArgumentError(
      `At sparsity ${sparsity} at most ${sparsity} of the weights can be pruned for good and ${1 - sparsity} locked; got ${pruned} and ${locked}.`
    );
  return {pruned, locked};
}
