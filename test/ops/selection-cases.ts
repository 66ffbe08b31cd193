import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import type {Ranking} from "../../src/gpu/kernels/float-keys.ts";
import {kthLargest, largestMask} from "../../src/gpu/kernels/radix-select.ts";
import {topK} from "../../src/gpu/kernels/top-k.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** NaN above everything; equal ones by index. */
function sortedIndices(row: readonly number[]): number[] {
  const height = (value: number) => (Number.isNaN(value) ? 2 : value === Infinity ? 1 : 0);
  return row
    .map((_, i) => i)
    .sort((i, j) => {
      const [a, b] = [row[i] as number, row[j] as number];
      return height(b) - height(a) || (a === b || Number.isNaN(a) ? i - j : b - a);
    });
}

/** Ones at the k largest, NaN below everything. */
function maskByHand(x: readonly number[], k: number, by: Ranking): number[] {
  const rank = (value: number) => {
    if (Number.isNaN(value)) return -Infinity;
    // -Infinity is a value above NaN.
    return Math.max(by === "magnitude" ? Math.abs(value) : value, -Number.MAX_VALUE);
  };
  const order = x
    .map((_, i) => i)
    .sort((i, j) => {
      const [a, b] = [rank(x[i] as number), rank(x[j] as number)];
      return a === b ? i - j : b > a ? 1 : -1;
    });
  const mask = Array<number>(x.length).fill(0);
  for (const i of order.slice(0, k)) mask[i] = 1;
  return mask;
}

/** Values of which many are equal, some no number and some infinite. */
const withTies = (seed: number, n: number) =>
  Array.from(ops.key(seed).uniform(n, -20, 20), (value, i) => {
    if (i % 97 === 13) return NaN;
    if (i % 89 === 7) return i % 2 === 0 ? Infinity : -Infinity;
    return Math.round(value) / 4 + 0;
  });

/** The largest of rows and of whole tensors. */
export function selectionCases(backend: BackendName): void {
  describe(`selection on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      [1, 1, 1],
      [5, 3, 3],
      [130, 8, 2],
      [33, 64, 6],
      [3, 64, 64],
      [9, 700, 3],
      [4, 1001, 129],
      [2, 5000, 17]
    ])("%i rows of %i: the %i largest, the lower index first, NaN before all", (rows, n, k) =>
      withoutLeak(async () => {
        const values = withTies(n, rows * n);
        const expected = Array.from({length: rows}, (_, row) => {
          const own = values.slice(row * n, (row + 1) * n);
          return sortedIndices(own).slice(0, k);
        });
        const x = tf.tensor2d(values, [rows, n]);
        poison([rows, k]);
        const top = topK(x, k);
        expect(await valuesOf(top.indices)).toEqual(expected.flat());
        const wanted = expected.flatMap((at, row) => at.map((i) => values[row * n + i] as number));
        expect(await valuesOf(top.values)).toEqual(wanted);
      })()
    );

    test.each([
      [4, 8, 2],
      [2, 300, 40]
    ])("the gradient of the largest goes back to where they stood", (rows, n, k) =>
      withoutLeak(async () => {
        // Far enough apart that a step changes no order.
        const x = tf.tensor2d(ops.key(1).permutation(rows * n), [rows, n]).mul(0.3) as Tensor;
        poison([rows, n]);
        await expectTrueGradients((at) => topK(at as Tensor, k).values, x);
      })()
    );

    test(
      "no rows, and a k that there is not",
      withoutLeak(async () => {
        expect(topK(tf.zeros([0, 4]), 2).values.shape).toEqual([0, 2]);
        expect(() => topK(tf.zeros([2, 4]), 5)).toThrow("k must be a whole number from 1 to 4, got 5.");
        expect(() => topK(tf.zeros([2, 4]), 0)).toThrow(KernelError);
        expect(() => topK(tf.zeros([4]), 1)).toThrow(
          "The matrix must be float32 with 2 dimensions, got float32 [4]."
        );
      })
    );

    const rankings = ["magnitude", "value"] as const;
    const sized = [1, 100, 4097, 50_001].flatMap((n) => rankings.map((by) => [n, by] as const));
    test.each(sized)("exactly k of %i are kept by %s, the earlier of equal ones", (n, by) =>
      withoutLeak(async () => {
        const values = withTies(n, n);
        const x = tf.tensor1d(values);
        for (const k of [0, 1, Math.ceil(n / 3), n - 1, n]) {
          poison([n]);
          const expected = maskByHand(values, k, by);
          expect(await valuesOf(largestMask(x, k, by)), `${k} by ${by}`).toEqual(expected);
          const {threshold, ties} = kthLargest(x, k, by);
          const [limit] = await valuesOf(threshold);
          const rank = (value: number) => (by === "magnitude" ? Math.abs(value) : value);
          const kept = values.filter((_, i) => expected[i] === 1).map(rank);
          const lowest = kept.some(Number.isNaN) ? NaN : Math.min(...chunked(kept));
          expect(limit, `threshold of ${k} by ${by}`).toBe(lowest);
          expect(await valuesOf(ties)).toEqual([
            kept.filter((value) => Object.is(value, lowest) || value === lowest).length
          ]);
        }
      })()
    );

    test(
      "numbers that differ in their last bit only are told apart",
      withoutLeak(async () => {
        const bits = Float32Array.from({length: 2000}, (_, i) => 1 + ((i * 769) % 2000) * 2 ** -23);
        const x = tf.tensor2d(bits, [40, 50]);
        const mask = largestMask(x, 777);
        expect(mask.shape).toEqual([40, 50]);
        expect(await valuesOf(mask)).toEqual(maskByHand(Array.from(bits), 777, "magnitude"));
        const {threshold} = kthLargest(x, 777);
        expect(await valuesOf(threshold)).toEqual([1 + (2000 - 777) * 2 ** -23]);
      })
    );

    test(
      "k may be on the device; zeros of either sign are equal, tiny numbers are not",
      withoutLeak(async () => {
        const x = tf.tensor1d([-0, 0, 1e-40, -3, 2, 0]);
        const k = tf.scalar(4, "int32");
        expect(await valuesOf(largestMask(x, k))).toEqual([1, 0, 1, 1, 1, 0]);
        expect(await valuesOf(largestMask(x, k, "value"))).toEqual([1, 1, 1, 0, 1, 0]);
      })
    );

    test(
      "nothing to choose from, and a k that there is not",
      withoutLeak(async () => {
        expect(largestMask(tf.zeros([0, 3]), 0).shape).toEqual([0, 3]);
        expect(await valuesOf(kthLargest(tf.zeros([0]), 0).threshold)).toEqual([Infinity]);
        expect(() => largestMask(tf.ones([3]), 4)).toThrow(
          "The number to keep must be a whole number from 0 to 3, got 4."
        );
        expect(() => largestMask(tf.ones([3]), 1.5)).toThrow(KernelError);
        expect(() => largestMask(tf.ones([3]), tf.scalar(1))).toThrow("must be one int32, got float32 [].");
        expect(() => largestMask(tf.ones([3]).toInt(), 1)).toThrow("must be float32, got int32");
      })
    );

    test(
      "a million weights",
      withoutLeak(async () => {
        const weights = ops.key(5).uniform(1_000_000, -1, 1);
        const k = 100_001;
        const x = tf.tensor1d(weights);
        const sorted = weights.map(Math.abs).sort();
        const {threshold} = kthLargest(x, k);
        expect(await valuesOf(threshold)).toEqual([sorted[1_000_000 - k]]);
        await expectClose(tf.sum(largestMask(x, k)), [k]);
      })
    );
  });
}

/** Math.min takes only so many arguments: the smallest of every thousand. */
function chunked(values: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i < values.length; i += 1000) out.push(Math.min(...values.slice(i, i + 1000)));
  return out;
}
