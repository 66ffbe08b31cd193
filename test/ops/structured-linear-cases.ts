import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import {blockPattern, packBlocks, unpackBlocks} from "../../src/gpu/kernels/block-format.ts";
import {blockSparseLinear} from "../../src/gpu/kernels/block-sparse-linear.ts";
import {compressNm, expandNm} from "../../src/gpu/kernels/nm-format.ts";
import {nmLinear} from "../../src/gpu/kernels/nm-linear.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {poison} from "./poison.ts";
import {expectSameLayer, type LayerData, sparseData} from "./sparse-layer.ts";
import {use, withoutLeak} from "./support.ts";

const {tf} = ops;

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** Marks the n largest magnitudes of every m weights of a unit, the earlier of equal ones. */
function largestOfGroups(
  weights: ArrayLike<number>,
  inputs: number,
  units: number,
  n: number,
  m: number
): number[] {
  const kept = Array<number>(inputs * units).fill(0);
  for (let unit = 0; unit < units; ++unit)
    for (let first = 0; first < inputs; first += m) {
      const places = Array.from(Array(m).keys(), (p) => (first + p) * units + unit);
      const height = (at: number) => (Number.isNaN(weights[at]) ? -1 : Math.abs(weights[at] as number));
      places.sort((a, b) => height(b) - height(a) || a - b);
      for (const at of places.slice(0, n)) kept[at] = 1;
    }
  return kept;
}

const masked = ({weights, kept}: LayerData) =>
  Array.from(weights, (weight, i) => weight * (kept[i] as number) + 0);

/** Linear layers that keep weights by rule: n of m, or in blocks. */
export function structuredLinearCases(backend: BackendName): void {
  describe(`n of m weights on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      [1, 1, 2, 2, 1],
      [3, 2, 4, 64, 33],
      [37, 2, 4, 72, 40],
      [33, 1, 4, 36, 5],
      [5, 2, 3, 9, 17],
      [40, 3, 6, 66, 9],
      [9, 4, 8, 48, 31],
      [2, 2, 16, 96, 8],
      [7, 16, 16, 32, 3]
    ])("%i rows, %i:%i of %i x %i weights", (rows, n, m, inputs, units) =>
      withoutLeak(async () => {
        const data = sparseData(rows, inputs, units, () => true);
        data.kept = largestOfGroups(data.weights, inputs, units, n, m);
        poison([inputs, units], [(inputs / m) * n, units]);
        const weights = compressNm(tf.tensor2d(data.weights, [inputs, units]), {n, m});
        expect(await valuesOf(expandNm(weights))).toEqual(masked(data));
        const spread = (values: Tensor) => expandNm({...weights, values});
        await expectSameLayer(data, {weights: weights.values, spread}, (x, values, bias, activation) =>
          nmLinear({x, weights: {...weights, values}, bias, activation})
        );
      })()
    );

    test(
      "of equal weights the earlier stay, what is no number goes first",
      withoutLeak(async () => {
        const weights = tf.tensor2d([1, 0, -1, NaN, 1, 0, NaN, -2], [4, 2]);
        const kept = compressNm(weights, {n: 2, m: 4});
        expect(await valuesOf(kept.values)).toEqual([1, 0, -1, -2]);
        expect(await valuesOf(expandNm(kept))).toEqual([1, 0, -1, 0, 0, 0, 0, -2]);
      })
    );

    test(
      "derivatives of n:m weights agree with differences, and those of the derivatives",
      withoutLeak(async () => {
        const data = sparseData(5, 8, 6, () => true);
        const weights = compressNm(tf.tensor2d(data.weights, [8, 6]), {n: 2, m: 4});
        await expectTrueGradients(
          ({x, values, bias}) => nmLinear({x, weights: {...weights, values}, bias, activation: "tanh"}),
          {x: tf.tensor2d(data.x, [5, 8]), values: weights.values, bias: tf.tensor1d(data.bias)},
          {together: backend === "webgpu"}
        );
      })
    );

    test(
      "what does not divide or fit is refused",
      withoutLeak(async () => {
        const weights = tf.ones([6, 3]);
        expect(() => compressNm(weights, {n: 2, m: 4})).toThrow(KernelError);
        expect(() => compressNm(weights, {n: 2, m: 4})).toThrow(
          "2:4 weights need a number of inputs that 4 divides, got [6, 3]."
        );
        expect(() => compressNm(weights, {n: 4, m: 3})).toThrow(
          "n must be a whole number from 1 to 3, got 4."
        );
        expect(() => compressNm(weights, {n: 1, m: 32})).toThrow("m must be a whole number from 1 to 16");
        const kept = compressNm(weights, {n: 1, m: 2});
        expect(() => nmLinear({x: tf.ones([2, 4]), weights: kept})).toThrow("x must be [rows, 6]");
        expect(() => nmLinear({x: tf.ones([2, 6]), weights: {...kept, n: 2}})).toThrow("are no 2:2 weights");
        expect(nmLinear({x: tf.zeros([0, 6]), weights: kept}).shape).toEqual([0, 3]);
      })
    );
  });

  describe(`blocks of weights on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each([
      [1, 4, 4, 4],
      [37, 4, 12, 20],
      [130, 8, 40, 24],
      [33, 16, 48, 32],
      [5, 32, 64, 96]
    ])("%i rows, blocks of %i in %i x %i weights", (rows, size, inputs, units) =>
      withoutLeak(async () => {
        const [high, wide] = [inputs / size, units / size];
        // One block column and one block row stay empty where there are several.
        const marks = Array.from(ops.key(size).uniform(high * wide), (u, i) => {
          const isEmpty = (wide > 1 && i % wide === 1) || (high > 1 && Math.floor(i / wide) === 1);
          return isEmpty ? 0 : Number(i === 0 || u < 0.6);
        });
        const pattern = blockPattern(marks, {size, inputs, units});
        const blockOf = (i: number) => Math.floor(i / units / size) * wide + Math.floor((i % units) / size);
        const data = sparseData(rows, inputs, units, (i) => marks[blockOf(i)] === 1);
        poison([inputs, units], [pattern.count, size, size]);
        const weights = packBlocks(tf.tensor2d(data.weights, [inputs, units]), pattern);
        expect(await valuesOf(unpackBlocks(weights, pattern))).toEqual(masked(data));
        const spread = (values: Tensor) => unpackBlocks(values, pattern);
        await expectSameLayer(data, {weights, spread}, (x, values, bias, activation) =>
          blockSparseLinear({x, weights: values, pattern, bias, activation})
        );
      })()
    );

    test(
      "derivatives of blocks agree with differences, and those of the derivatives",
      withoutLeak(async () => {
        const data = sparseData(5, 8, 8, () => true);
        const pattern = blockPattern([1, 0, 1, 1], {size: 4, inputs: 8, units: 8});
        const weights = packBlocks(tf.tensor2d(data.weights, [8, 8]), pattern);
        await expectTrueGradients(
          ({x, values, bias}) => blockSparseLinear({x, weights: values, pattern, bias, activation: "tanh"}),
          {x: tf.tensor2d(data.x, [5, 8]), values: weights, bias: tf.tensor1d(data.bias)},
          {together: backend === "webgpu"}
        );
      })
    );

    test(
      "what is no number reaches the units of its blocks alone",
      withoutLeak(async () => {
        const pattern = blockPattern([1, 0, 0, 1], {size: 4, inputs: 8, units: 8});
        const weights = packBlocks(tf.ones([8, 8]), pattern);
        const x = tf.tensor2d([1, NaN, 1, 1, 1, 1, 1, Infinity], [1, 8]);
        const y = await valuesOf(blockSparseLinear({x, weights, pattern, activation: "relu"}));
        expect(y).toEqual([NaN, NaN, NaN, NaN, Infinity, Infinity, Infinity, Infinity]);
      })
    );

    test(
      "blocks that do not divide or fit are refused",
      withoutLeak(async () => {
        expect(() => blockPattern([1], {size: 5, inputs: 5, units: 5})).toThrow(KernelError);
        expect(() => blockPattern([1], {size: 8, inputs: 8, units: 10})).toThrow(
          "Blocks of 8 x 8 do not divide weights [8, 10]."
        );
        expect(() => blockPattern([1], {size: 8, inputs: 8, units: 16})).toThrow("There are 1 x 2 blocks");
        expect(() => blockPattern([0], {size: 8, inputs: 8, units: 8})).toThrow("at least one block");
        const pattern = blockPattern([1, 0], {size: 8, inputs: 8, units: 16});
        expect(() => packBlocks(tf.ones([8, 8]), pattern)).toThrow(
          "The blocks are of weights [8, 16], got [8, 8]."
        );
        const weights = packBlocks(tf.ones([8, 16]), pattern);
        expect(() => blockSparseLinear({x: tf.ones([1, 9]), weights, pattern})).toThrow(
          "x must be [rows, 8]"
        );
        expect(() => unpackBlocks(tf.ones([2, 8, 8]), pattern)).toThrow("The pattern has blocks [1, 8, 8]");
        expect(blockSparseLinear({x: tf.zeros([0, 8]), weights, pattern}).shape).toEqual([0, 16]);
      })
    );
  });
}
