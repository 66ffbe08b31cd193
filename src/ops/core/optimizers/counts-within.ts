import {leaves, unflatten} from "../tree.ts";
import type {OptimizerState} from "./optimizer.ts";

/**
 * The numbers of an optimizer's state as they are before each of the updates that a step makes of it, from those before the
 * step (undefined in the place of tensors) and what a step adds to each.
 */
export function countsWithin(
  counts: OptimizerState,
  updates: number,
  growth: readonly number[]
): OptimizerState[] {
  const before = leaves<unknown>(counts);
  return Array.from({length: updates}, (_, done) => {
    if (done === 0) return counts;
    const now = before.map((count, i) =>
      typeof count === "number" ? count + Math.floor(((growth[i] ?? 0) * done) / updates) : count
    );
    return unflatten(counts, now) as OptimizerState;
  });
}
