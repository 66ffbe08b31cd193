// What a granularity is, and how the scores of a group become one.
import type {Shape} from "../../core/layer.ts";

/**
 * What is pruned as one: single weights, or groups of them. The weights of a group stay or go together, chosen by one score
 * (`pooled`); or each group keeps a fixed number of its weights (`within`).
 */
export type Granularity = Together | Within;

/** Groups that stay or go as a whole. A sparsity is the share of groups that go. */
export interface Together {
  readonly kind: "together";
  /** For messages, "channel". */
  readonly name: string;
  /** The group of every weight of a parameter, and how many there are. Throws an ArgumentError for a shape it cannot take. */
  groups(shape: Shape, path: string): {count: number; of: Int32Array};
  /** The score of a group, of the sum, the sum of squares, the largest and the number of those of its weights. */
  pool(of: {sum: number; squares: number; largest: number; size: number}): number;
}

/** Groups of which each keeps the same number: the pattern says how sparse it is. */
export interface Within {
  readonly kind: "within";
  readonly name: string;
  /** The mask of a parameter's scores, 1 keep and 0 prune. Throws an ArgumentError for a shape it cannot take. */
  choose(scores: Float32Array, shape: Shape, path: string): Uint8Array;
}

/** How the scores of a group's weights become one. */
export type Pooling = "sum" | "mean" | "max" | "norm";

/** The ways of pooling by name; "norm" is the root of the sum of squares. */
export const POOLINGS: Readonly<Record<Pooling, Together["pool"]>> = {
  sum: ({sum}) => sum,
  mean: ({sum, size}) => sum / size,
  max: ({largest}) => largest,
  norm: ({squares}) => Math.sqrt(squares)
};

/** Scores of groups, from those of their weights; -Infinity (pruned before) counts as nothing, and a group of nothing else is pruned too. */
export function pooledScores(
  {pool}: Together,
  scores: Float32Array,
  {count, of}: {count: number; of: Int32Array}
): Float32Array {
  const sum = new Float64Array(count);
  const squares = new Float64Array(count);
  const largest = new Float64Array(count).fill(-Infinity);
  const size = new Float64Array(count);
  const left = new Uint8Array(count);
  scores.forEach((score, i) => {
    const group = of[i] as number;
    size[group] = (size[group] as number) + 1;
    if (score === -Infinity) return;
    left[group] = 1;
    sum[group] = (sum[group] as number) + score;
    squares[group] = (squares[group] as number) + score * score;
    largest[group] = Math.max(largest[group] as number, score);
  });
  return Float32Array.from(left, (isLeft, g) => {
    const at = (values: Float64Array) => values[g] as number;
    if (!isLeft) return -Infinity;
    return pool({sum: at(sum), squares: at(squares), largest: at(largest), size: at(size)});
  });
}
