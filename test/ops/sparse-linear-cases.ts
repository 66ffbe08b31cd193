import {beforeAll, describe, expect, test} from "vitest";
import {KernelError} from "../../src/gpu/kernel-error.ts";
import {packMask, unpackMask} from "../../src/gpu/kernels/bit-mask.ts";
import {maskedLinear} from "../../src/gpu/kernels/masked-linear.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";
import {poison} from "./poison.ts";
import {expectSameLayer, productByHand, sparseData, turned} from "./sparse-layer.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const valuesOf = async (x: Tensor) => Array.from(await x.data());

/** Rows, inputs and units that fill no tile, and some that do. */
const SIZES = [
  [1, 1, 1],
  [1, 70, 33],
  [37, 5, 3],
  [33, 65, 67],
  [40, 64, 96]
] as const;

/** Keeps about that share of the weights. */
function keptAtRandom(size: number, density: number): (weight: number) => boolean {
  const draws = ops.key(5).uniform(size);
  return (i) => (draws[i] as number) < density;
}

/** Linear layers whose weights are not all there. */
export function sparseLinearCases(backend: BackendName): void {
  describe(`masked weights on ${backend}`, () => {
    beforeAll(() => use(backend));

    for (const [rows, inputs, units] of SIZES)
      for (const density of [0.05, 0.6])
        test.each(["packed", "plain"])(
          `${rows} rows, ${inputs} x ${units} weights of which ${density} are kept, the mask %s`,
          (kind) =>
            withoutLeak(async () => {
              const data = sparseData(rows, inputs, units, keptAtRandom(inputs * units, density));
              const plain = tf.tensor2d(data.kept, [inputs, units]);
              const mask = kind === "packed" ? packMask(plain) : plain;
              await expectSameLayer(data, data.weights, (x, weights, bias, activation) =>
                maskedLinear({x, weights, mask, bias, activation})
              );
            })()
        );

    test(
      "a mask of floats scales the weights and their gradients",
      withoutLeak(async () => {
        const data = sparseData(9, 7, 6, () => true);
        const scales = Array.from(ops.key(8).uniform(42, -1, 2));
        const mask = tf.tensor2d(scales, [7, 6]);
        const x = tf.tensor2d(data.x, [9, 7]);
        const weights = tf.tensor2d(data.weights, [7, 6]);
        const scaled = data.weights.map((weight, i) => weight * (scales[i] as number));
        await expectClose(maskedLinear({x, weights, mask}), productByHand(turned(data.x, 9), scaled, 7));
        const loss = (at: Tensor) => tf.sum(maskedLinear({x, weights: at, mask}));
        const slopes = productByHand(data.x, Array(54).fill(1), 9).map(
          (sum, i) => sum * (scales[i] as number)
        );
        await expectClose(ops.grad(loss)(weights), slopes);
      })
    );

    test.each(["packed", "plain"])("the dense gradient of a %s mask reaches pruned weights", (kind) =>
      withoutLeak(async () => {
        const data = sparseData(11, 9, 10, (i) => i % 3 === 0);
        const plain = tf.tensor2d(data.kept, [9, 10]);
        const mask = kind === "packed" ? packMask(plain) : plain;
        const x = tf.tensor2d(data.x, [11, 9]);
        const weights = tf.tensor2d(data.weights, [9, 10]);
        const loss = (at: Tensor) =>
          tf.sum(tf.square(maskedLinear({x, weights: at, mask, denseGradient: true})));
        poison([9, 10]);
        const masked = data.weights.map((weight, i) => weight * (data.kept[i] as number));
        const y = productByHand(turned(data.x, 11), masked, 9);
        const expected = productByHand(data.x, y, 11).map((value) => 2 * value);
        await expectClose(ops.grad(loss)(weights), expected, {atol: 1e-4});
      })()
    );

    test(
      "derivatives of masked weights agree with differences, and those of the derivatives",
      withoutLeak(async () => {
        const data = sparseData(5, 6, 7, (i) => i % 5 < 2);
        const mask = packMask(tf.tensor2d(data.kept, [6, 7]));
        const at = {
          x: tf.tensor2d(data.x, [5, 6]),
          weights: tf.tensor2d(data.weights, [6, 7]),
          bias: tf.tensor1d(data.bias)
        };
        await expectTrueGradients(
          ({x, weights, bias}) => maskedLinear({x, weights, mask, bias, activation: "tanh"}),
          at,
          {together: backend === "webgpu"}
        );
      })
    );

    test(
      "what is no number passes through weights that are kept",
      withoutLeak(async () => {
        const mask = packMask(tf.tensor2d([1, 0, 0, 1], [2, 2]));
        const weights = tf.tensor2d([1, NaN, 2, 3], [2, 2]);
        const linear = (x: number[]) =>
          maskedLinear({x: tf.tensor2d(x, [1, 2]), weights, mask, activation: "relu"});
        expect(await valuesOf(linear([2, 5]))).toEqual([2, 15]);
        expect((await valuesOf(linear([NaN, 5])))[0]).toBeNaN();
        expect((await valuesOf(linear([1, Infinity])))[1]).toBe(Infinity);
      })
    );

    test.each([1, 31, 32, 33, 100])("masks of %i columns as bits and back", (columns) =>
      withoutLeak(async () => {
        const values = Array.from(ops.key(columns).uniform(3 * columns), (u) => (u < 0.4 ? 1 : 0));
        const mask = tf.tensor2d(values, [3, columns]);
        poison([3, columns], [3, Math.ceil(columns / 32)]);
        const words = packMask(mask);
        const expected = [0, 1, 2].flatMap((row) =>
          Array.from(Array(Math.ceil(columns / 32)).keys(), (w) =>
            values
              .slice(row * columns, (row + 1) * columns)
              .slice(32 * w, 32 * w + 32)
              .reduce<number>((word, bit, i) => word | (bit << i), 0)
          )
        );
        expect(await valuesOf(words)).toEqual(expected);
        expect(await valuesOf(unpackMask(words, columns))).toEqual(values);
      })()
    );

    test(
      "no rows, and shapes that do not fit",
      withoutLeak(async () => {
        const weights = tf.ones([3, 40]);
        const mask = packMask(tf.ones([3, 40]));
        const x = tf.ones([2, 3]);
        expect(maskedLinear({x: tf.ones([0, 3]), weights, mask}).shape).toEqual([0, 40]);
        expect(() => maskedLinear({x: tf.ones([2, 4]), weights, mask})).toThrow(KernelError);
        expect(() => maskedLinear({x: tf.ones([2, 4]), weights, mask})).toThrow("x must be [rows, 3]");
        expect(() => maskedLinear({x, weights, mask: tf.ones([3, 2])})).toThrow(
          "A mask of float32 for weights [3, 40] must be [3, 40], got [3, 2]."
        );
        expect(() => maskedLinear({x, weights, mask, bias: tf.ones([3])})).toThrow("The bias must be [40]");
        expect(() => unpackMask(mask, 70)).toThrow(
          "A packed mask of 70 columns has 3 words a row, got [3, 2]."
        );
      })
    );
  });
}
