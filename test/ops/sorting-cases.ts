import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import {countingSort} from "../../src/gpu/kernels/counting-sort.ts";
import {exclusiveSum} from "../../src/gpu/kernels/scan.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** Lengths below, at and above a workgroup's share, and beyond what its threads have chunks for. */
const LENGTHS = [1, 3, 255, 1024, 1025, 5000, 300_001];

/** Prefix sums and the stable order of keys. */
export function sortingCases(backend: BackendName): void {
  describe(`sorting on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(LENGTHS)("sums before each of %i numbers", (n) =>
      withoutLeak(async () => {
        const x = ops.key(n).uniform(n, -1, 2);
        const before: number[] = [];
        const behind = Array<number>(n);
        let sum = 0;
        for (const value of x) {
          before.push(sum);
          sum += value;
        }
        sum = 0;
        for (let i = n - 1; i >= 0; --i) {
          behind[i] = sum;
          sum += x[i] as number;
        }
        const from = tf.tensor1d(x);
        poison([n]);
        const sums = exclusiveSum(from);
        await expectClose(sums, before, {atol: 1e-3});
        await expectClose(exclusiveSum(from, {reverse: true}), behind, {atol: 1e-3});
        expect(await valuesOf(exclusiveSum(from))).toEqual(await valuesOf(sums));
      })()
    );

    test(
      "whole numbers are summed exactly, and wrap",
      withoutLeak(async () => {
        const counts = Array.from({length: 3001}, (_, i) => (i * 7919) % 1013);
        let sum = 0;
        const expected = counts.map((count) => {
          sum += count;
          return sum - count;
        });
        expect(await valuesOf(exclusiveSum(tf.tensor1d(counts, "int32")))).toEqual(expected);
        const large = tf.tensor1d([2 ** 30, 2 ** 30, 2 ** 30, 5], "int32");
        expect(await valuesOf(exclusiveSum(large))).toEqual([0, 2 ** 30, -(2 ** 31), -(2 ** 30)]);
      })
    );

    test(
      "what is no number reaches the sums behind it and no other",
      withoutLeak(async () => {
        const x = Array<number>(3000).fill(1);
        x[1500] = NaN;
        const sums = await valuesOf(exclusiveSum(tf.tensor1d(x)));
        expect(sums.map(Number.isNaN).indexOf(true)).toBe(1501);
        expect(sums.slice(1501).every(Number.isNaN)).toBe(true);
        expect(sums[1500]).toBe(1500);
        x[1500] = Infinity;
        const infinite = await valuesOf(exclusiveSum(tf.tensor1d(x)));
        expect(infinite.slice(1500, 1502)).toEqual([1500, Infinity]);
        expect(await valuesOf(exclusiveSum(tf.zeros([0])))).toEqual([]);
      })
    );

    test.each([5, 2100])("the gradient of %i prefix sums is the sum of the gradients behind", (n) =>
      withoutLeak(async () => {
        const dy = ops.key(3).uniform(n, -1, 1);
        const weights = tf.tensor1d(dy);
        const loss = (x: Tensor) => tf.sum(tf.mul(exclusiveSum(x), weights));
        const expected = Array.from(dy, (_, i) => dy.slice(i + 1).reduce((sum, value) => sum + value, 0));
        await expectClose(ops.grad(loss)(tf.ones([n])), expected, {atol: 1e-3});
        const slope = (x: Tensor) =>
          tf.sum(tf.square(ops.grad((at: Tensor) => tf.sum(tf.square(exclusiveSum(at))))(x)));
        expect((await valuesOf(ops.grad(slope)(tf.fill([n], 0.01)))).every(Number.isFinite)).toBe(true);
      })()
    );

    test.each([
      [1, 1],
      [7, 3],
      [300, 8],
      [1000, 64],
      [2000, 255],
      [2000, 256],
      [5000, 4000],
      [70_001, 5],
      [2500, 70_000]
    ])("%i keys of %i bins in order", (n, bins) =>
      withoutLeak(async () => {
        // Some are none: they come last.
        const keys = Array.from(ops.key(n).uniform(n, -0.6, bins + 0.6), Math.floor);
        const binOf = (i: number) => {
          const key = keys[i] as number;
          return key < 0 || key >= bins ? bins : key;
        };
        const expected = keys.map((_, i) => i).sort((i, j) => binOf(i) - binOf(j) || i - j);
        poison([n], [bins + 1]);
        const sorted = countingSort(tf.tensor1d(keys, "int32"), bins);
        const order = await valuesOf(sorted.order);
        expect(order).toEqual(expected);
        const places = await valuesOf(sorted.places);
        expect(order.every((element, place) => places[element] === place)).toBe(true);
        const perBin = Array<number>(bins + 1).fill(0);
        for (let i = 0; i < n; ++i) perBin[binOf(i)] = (perBin[binOf(i)] as number) + 1;
        let start = 0;
        const offsets = perBin.map((count) => {
          start += count;
          return start - count;
        });
        expect(await valuesOf(sorted.offsets)).toEqual(offsets);
      })()
    );

    test(
      "no keys have offsets of zero, and wrong ones are refused",
      withoutLeak(async () => {
        const {order, offsets} = countingSort(tf.tensor1d([], "int32"), 3);
        expect(order.shape).toEqual([0]);
        expect(await valuesOf(offsets)).toEqual([0, 0, 0, 0]);
        const keys = tf.tensor1d([0, 1], "int32");
        expect(() => countingSort(tf.ones([2]), 2)).toThrow(KernelError);
        expect(() => countingSort(tf.ones([2]), 2)).toThrow(
          "The keys must be int32 with 1 dimension, got float32 [2]."
        );
        expect(() => countingSort(keys, 0)).toThrow("The number of bins must be a whole number from 1");
        expect(() => exclusiveSum(tf.ones([2, 2]))).toThrow("got float32 [2, 2]");
      })
    );
  });
}
