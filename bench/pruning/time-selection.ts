import {ops} from "../../src/ops/index.ts";
import {median} from "../support/median.ts";

/** Milliseconds. */
export interface SelectionTimes {
  /** Masks from magnitudes: the k-th of them is found. */
  selected: number;
  /** New masks from parameters, as `prune` makes them. */
  updated: number;
  /** All magnitudes sorted. */
  sorted: number;
}

/** Which tenth of so many weights is largest, and what sorting them takes. */
export async function timeSelection(size: number, rounds: number): Promise<SelectionTimes> {
  const weights = ops.key(0).uniform(size, -1, 1);
  const magnitudes = weights.map(Math.abs);
  const params = {kernel: ops.tf.tensor2d(weights, [1000, size / 1000])};
  const times: Record<keyof SelectionTimes, number[]> = {selected: [], updated: [], sorted: []};
  const timed = async (name: keyof SelectionTimes, work: () => unknown) => {
    const start = performance.now();
    const made = await work();
    times[name].push(performance.now() - start);
    return made;
  };
  for (let round = 0; round < rounds; ++round) {
    await timed("selected", () => ops.pruning.keepLargest([magnitudes], size / 10));
    const masks = await timed("updated", () => ops.pruning.prune(params, {sparsity: 0.9}));
    ops.tree.dispose(masks as never);
    await timed("sorted", () => magnitudes.slice().sort());
  }
  params.kernel.dispose();
  return {selected: median(times.selected), updated: median(times.updated), sorted: median(times.sorted)};
}
