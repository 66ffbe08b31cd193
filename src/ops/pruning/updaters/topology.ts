// Which weights a sparse training begins with, or keeps: exact numbers for each layer.
import {uniform as uniformNumbers} from "../../core/random.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type Distribution, erdosRenyiKernel} from "../distributions.ts";
import {checkSparsity, keptCount, keptCounts} from "../kept-counts.ts";
import {activeCount, largestOf} from "./drop-and-grow.ts";
import type {MaskStart} from "./sparse.ts";
import {type Leaves, mapLeaves} from "./sparse-state.ts";

/** How sparse a sparse training is, and where. */
export interface TopologyOptions {
  /** Share of the prunable weights that are zero, in [0, 1). */
  sparsity: number;
  /** How it is shared out among the layers; erdosRenyiKernel() by default. */
  distribution?: Distribution;
}

/** How many weights each tensor keeps; together exactly what the sparsity leaves. */
export function countsByLayer(
  weights: Leaves,
  {sparsity, distribution = erdosRenyiKernel()}: TopologyOptions
): Record<string, number> {
  checkSparsity(sparsity);
  const paths = Object.keys(weights);
  const shares = distribution(
    Object.fromEntries(paths.map((path) => [path, (weights[path] as Tensor).shape])),
    sparsity
  );
  const sizes = paths.map((path) => (weights[path] as Tensor).size);
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  const total = Math.max(paths.length, keptCount(whole, sparsity));
  const counts = keptCounts(
    sizes,
    paths.map((path) => shares[path] ?? 0),
    total
  );
  return Object.fromEntries(paths.map((path, i) => [path, counts[i] as number]));
}

/** Random masks with exactly so many weights. */
export function randomTopology({weights, key}: MaskStart, options: TopologyOptions): Leaves {
  const counts = countsByLayer(weights, options);
  return Object.fromEntries(
    Object.entries(weights).map(([path, {shape}], i) => [
      path,
      largestOf(uniformNumbers(key.fold(i), shape), counts[path] as number)
    ])
  );
}

/** Masks of the largest |w|: of all weights together, or of each tensor by itself where there is a distribution. */
export function largestWeights(weights: Leaves, sparsity: number, distribution?: Distribution): Leaves {
  if (distribution) return largestOfEach(weights, countsByLayer(weights, {sparsity, distribution}));
  const size = Object.values(weights).reduce((sum, leaf) => sum + leaf.size, 0);
  return largestOfAll(weights, keptCount(size, sparsity));
}

/** Masks of the largest |w| with as many weights as other masks, which are counted on the device. */
export function largestAsBefore(weights: Leaves, masks: Leaves, distribution?: Distribution): Leaves {
  const counts = mapLeaves(masks, activeCount);
  if (distribution) return largestOfEach(weights, counts);
  return largestOfAll(weights, tf.addN(Object.values(counts)));
}

function largestOfEach(weights: Leaves, counts: Readonly<Record<string, number | Tensor>>): Leaves {
  return mapLeaves(weights, (leaf, path) => largestOf(tf.abs(leaf), counts[path] as number | Tensor));
}

function largestOfAll(weights: Leaves, count: number | Tensor): Leaves {
  const leaves = Object.values(weights);
  const all = tf.concat(leaves.map((leaf) => tf.abs(tf.reshape(leaf, [-1]))));
  const parts = tf.split(
    largestOf(all, count),
    leaves.map(({size}) => size)
  ) as Tensor[];
  let index = 0;
  return mapLeaves(weights, ({shape}) => tf.reshape(parts[index++] as Tensor, shape));
}
