// Neurons divided into groups of equal size.
import type {Key} from "../../core/key.ts";
import {assign} from "./assignment.ts";

/** Rows of numbers, [rows, columns]. */
export interface Rows {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

const ROUNDS = 30;

/**
 * Balanced k-means: rows in k clusters of equal size such that the sum of squared distances to their means is small; each round
 * assigns all rows at once, at the least cost, until nothing changes. `first` are the rows that the means begin with.
 */
export function balancedClusters(points: Rows, k: number, first: ArrayLike<number>): Int32Array {
  const {values, rows, columns} = points;
  let means: Float64Array = new Float64Array(k * columns);
  for (let c = 0; c < k; ++c)
    for (let i = 0; i < columns; ++i)
      means[c * columns + i] = values[(first[c] as number) * columns + i] as number;
  let cluster: Int32Array = new Int32Array(rows).fill(-1);
  for (let round = 0; round < ROUNDS; ++round) {
    const costs = squaredDistances(points, means, k);
    const next = assign({values: costs, rows, columns: k}, Math.ceil(rows / k));
    const isSame = next.every((c, i) => c === cluster[i]);
    cluster = next;
    if (isSame) break;
    means = meansOf(points, cluster, k);
  }
  return cluster;
}

/** Squared distances of all rows to k means, [rows, k]. */
export function squaredDistances(
  {values, rows, columns}: Rows,
  means: Float64Array,
  k: number
): Float64Array {
  const out = new Float64Array(rows * k);
  for (let row = 0; row < rows; ++row)
    for (let c = 0; c < k; ++c) {
      let sum = 0;
      for (let i = 0; i < columns; ++i) {
        const gap = (values[row * columns + i] as number) - (means[c * columns + i] as number);
        sum += gap * gap;
      }
      out[row * k + c] = sum;
    }
  return out;
}

/** The mean row of every cluster, [k, columns]. */
export function meansOf({values, rows, columns}: Rows, cluster: ArrayLike<number>, k: number): Float64Array {
  const sums = new Float64Array(k * columns);
  const counts = new Float64Array(k);
  for (let row = 0; row < rows; ++row) {
    const c = cluster[row] as number;
    counts[c] = (counts[c] as number) + 1;
    for (let i = 0; i < columns; ++i)
      sums[c * columns + i] = (sums[c * columns + i] as number) + (values[row * columns + i] as number);
  }
  return sums.map((sum, at) => sum / Math.max(1, counts[Math.floor(at / columns)] as number));
}

/**
 * A graph's nodes in k parts of equal size such that the weights inside parts are large: pairs of nodes of different parts change
 * places as long as that gains something (Kernighan & Lin 1970), from the parts given. weights [nodes, nodes], symmetric.
 */
export function swapped({values, rows}: Rows, start: Int32Array, k: number): Int32Array {
  const part = Int32Array.from(start);
  const weight = (a: number, b: number) => values[a * rows + b] as number;
  /** The weight of every node's edges to each part. */
  const toPart = new Float64Array(rows * k);
  const to = (node: number, of: number) => toPart[node * k + of] as number;
  for (let a = 0; a < rows; ++a)
    for (let b = 0; b < rows; ++b)
      if (a !== b) toPart[a * k + (part[b] as number)] = to(a, part[b] as number) + weight(a, b);
  const swap = (a: number, b: number) => {
    const [p, q] = [part[a] as number, part[b] as number];
    for (let node = 0; node < rows; ++node) {
      const change = (node === b ? 0 : weight(node, b)) - (node === a ? 0 : weight(node, a));
      toPart[node * k + p] = to(node, p) + change;
      toPart[node * k + q] = to(node, q) - change;
    }
    [part[a], part[b]] = [q, p];
  };
  for (let round = 0, isBetter = true; isBetter && round < ROUNDS; ++round) {
    isBetter = false;
    for (let a = 0; a < rows; ++a) {
      let [best, most] = [-1, 1e-9];
      for (let b = 0; b < rows; ++b) {
        const [p, q] = [part[a] as number, part[b] as number];
        if (p === q) continue;
        const gain = to(a, q) - to(a, p) + to(b, p) - to(b, q) - 2 * weight(a, b);
        if (gain > most) [best, most] = [b, gain];
      }
      if (best < 0) continue;
      swap(a, best);
      isBetter = true;
    }
  }
  return part;
}

/** Some k of so many rows, for means to begin with. */
export const someRows = (key: Key, rows: number, k: number): Int32Array => key.permutation(rows).slice(0, k);

/** The members of each group, in order. */
export function groupsOf(cluster: ArrayLike<number>, k: number): number[][] {
  const groups: number[][] = Array.from({length: k}, () => []);
  for (let i = 0; i < cluster.length; ++i) groups[cluster[i] as number]?.push(i);
  return groups;
}

/** Rows as columns: [rows, columns] -> [columns, rows]. */
export function transposed({values, rows, columns}: Rows): Rows & {values: Float64Array} {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; ++i)
    for (let j = 0; j < columns; ++j) out[j * rows + i] = values[i * columns + j] as number;
  return {values: out, rows: columns, columns: rows};
}
