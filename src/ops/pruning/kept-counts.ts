// How many weights a sparsity leaves.
import {ArgumentError, checkCount, checkNumber} from "../core/errors.ts";
import {roundHalfEven} from "./top-k.ts";

/** How many of `size` entries a sparsity leaves. */
export type Count = (size: number, sparsity: number) => number;

/**
 * The number of entries that a sparsity leaves of `size`: rounded half to even, at least one (jaxpruner's convention).
 *
 * @example
 * import {keptCount, keptCounts} from "petri/pruning";
 *
 * display(keptCount(45, 0.5));
 * // Each layer rounds its own share, and together they are what was asked for.
 * display(keptCounts([35, 35, 35], [0.9, 0.9, 0.9], keptCount(105, 0.9)));
 */
export function keptCount(size: number, sparsity: number): number {
  checkCount("size", size, 0);
  checkSparsity(sparsity);
  return Math.max(1, roundHalfEven(size * (1 - sparsity)));
}

/**
 * How many entries stay of tensors of these sizes at these sparsities, at least one each. With a total they add up to it: those
 * that were rounded furthest the other way give or take one.
 */
export function keptCounts(
  sizes: readonly number[],
  sparsities: readonly number[],
  total?: number,
  count: Count = keptCount
): number[] {
  const counts = sizes.map((size, i) => Math.min(size, Math.max(1, count(size, sparsities[i] as number))));
  if (total === undefined) return counts;
  const missing = (i: number) =>
    (sizes[i] as number) * (1 - (sparsities[i] as number)) - (counts[i] as number);
  let rest = total - counts.reduce((sum, each) => sum + each, 0);
  while (rest !== 0) {
    const sign = Math.sign(rest);
    const free = counts.flatMap((each, i) =>
      (sign > 0 ? each < (sizes[i] as number) : each > 1) ? [i] : []
    );
    if (free.length === 0)
      throw new ArgumentError(
        `${total} weights cannot be shared out among tensors of ${sizes.join(", ")}: at least one of each stays.`
      );
    const next = free.reduce((best, i) => (sign * missing(i) > sign * missing(best) ? i : best));
    counts[next] = (counts[next] as number) + sign;
    rest -= sign;
  }
  return counts;
}

/** Throws unless sparsities of rounds, each in [0, 1), do not fall: what is pruned in one stays pruned in the next. */
export function checkRising(sparsities: readonly number[]): void {
  for (const [i, sparsity] of sparsities.entries()) {
    checkSparsity(sparsity, `sparsities[${i}]`);
    if (sparsity < (sparsities[i - 1] ?? 0))
      throw new ArgumentError(
        `sparsities must not fall, what one round prunes stays pruned: got ${sparsities[i - 1]}, then ${sparsity}.`
      );
  }
}

/** Throws unless a sparsity (share of zeros) is in [0, 1). */
export function checkSparsity(sparsity: number, name = "sparsity"): void {
  checkNumber(name, sparsity);
  if (sparsity < 0 || sparsity >= 1) {
    throw new ArgumentError(
      `${name} is the share of weights that become zero: pass a number from 0 up to, not including, 1; got ${sparsity}.`
    );
  }
}
