import {beforeAll, describe, expect, test} from "vitest";
import {type GoodnessGradsAttrs, goodnessGrads} from "../../src/gpu/kernels/goodness-grads.ts";
import {type GoodnessAttrs, goodnessRows} from "../../src/gpu/kernels/goodness-rows.ts";
import type {BackendName} from "../../src/gpu/types.ts";
import {goodnessGradient, logisticLoss} from "../../src/ops/forward-forward/goodness.ts";
import type {Block} from "../../src/ops/forward-forward/local-rule.ts";
import {divisorOf, normalizer} from "../../src/ops/forward-forward/normalization.ts";
import {symbaLoss} from "../../src/ops/forward-forward/rules/symba.ts";
import {straightThroughRelu} from "../../src/ops/forward-forward/straight-through-relu.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {productOf, randomNumbers} from "./float64.ts";
import {poison} from "./poison.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;

const matrix = (values: Float32Array<ArrayBufferLike>, rows: number) =>
  tf.tensor(values, [rows, values.length / rows]);
const relu = (values: Float32Array) => values.map((value) => Math.max(value, 0));

/** What `goodnessRows` computes, in double precision and word for word. */
function rowsOf(
  z: Float32Array,
  rows: number,
  attrs: GoodnessAttrs,
  extra: Float32Array = new Float32Array(rows)
) {
  const units = z.length / rows;
  const each = Array.from({length: rows}, (_, row) => {
    const own = Array.from(z.subarray(row * units, (row + 1) * units));
    const squares = own.reduce((sum, value) => sum + value * value, 0);
    const goodness = attrs.share * squares;
    const isGood = 1 / (1 + Math.exp(attrs.threshold - goodness - (extra[row] as number)));
    const isPositive = row < attrs.positives;
    const divisor = Math.sqrt(attrs.spread * squares) + attrs.epsilon;
    const slope = (isPositive ? isGood - 1 : isGood) / rows;
    return {
      goodness,
      loss: -Math.log(isPositive ? isGood : 1 - isGood),
      y: own.map((value) => value / divisor),
      factor: slope * 2 * attrs.share * divisor
    };
  });
  return each;
}

/** x^T e and the sums of e over rows, e as it is defined. */
function gradsOf(
  {x, y, factors, offsets}: {x: Float32Array; y: Float32Array; factors: Float32Array; offsets?: Float32Array},
  {positives, straightThrough}: GoodnessGradsAttrs
) {
  const rows = factors.length;
  const units = y.length / rows;
  const errors = Float64Array.from(y, (value, i) => {
    const [row, j] = [Math.floor(i / units), i % units];
    const counts = offsets && row < positives && (straightThrough || value > 0);
    return value * (factors[row] as number) + (counts ? (offsets[j] as number) : 0);
  });
  const sizes = {rows: x.length / rows, columns: units, inner: rows, transposeA: true};
  const bias = Array.from({length: units}, (_, j) =>
    errors.reduce((sum, error, i) => (i % units === j ? sum + error : sum), 0)
  );
  return {kernel: Array.from(productOf(x, errors, sizes)), bias};
}

const RULES: Record<string, Omit<GoodnessAttrs, "positives">> = {
  "sum against the width, root mean square": {
    threshold: 5,
    share: 1,
    spread: 1 / 5,
    epsilon: 1e-8
  },
  "mean against a threshold, length": {threshold: 0.4, share: 1 / 5, spread: 1, epsilon: 1e-4},
  "rows as they are": {threshold: 1, share: 1, spread: 0, epsilon: 1}
};

/** Rows, inputs and units that fill no tile, and some that fill several. */
const SIZES = [
  {rows: 1, inputs: 1, units: 1},
  {rows: 6, inputs: 7, units: 5},
  {rows: 10, inputs: 4, units: 8},
  {rows: 4, inputs: 9, units: 1}
];
/** More than a block of the native products holds. */
const LARGE = [
  {rows: 270, inputs: 3, units: 13},
  {rows: 6, inputs: 140, units: 517}
];

/** The kernels of forward-forward layers against their definitions; `large` where sizes cost little. */
export function goodnessKernelCases(backend: BackendName, {large = true} = {}): void {
  describe(`goodness kernels on ${backend}`, () => {
    beforeAll(() => use(backend));

    describe.each(Object.entries(RULES))("%s", (_, rule) => {
      test.each([
        {rows: 1, units: 1, positives: 1},
        {rows: 7, units: 5, positives: 3},
        {rows: 4, units: 32, positives: 0},
        {rows: 2, units: 67, positives: 2}
      ])("$rows rows of $units", ({rows, units, positives}) =>
        withoutLeak(async () => {
          const z = relu(randomNumbers(rows + units, rows * units));
          // A unit, and an example, that nothing wakes.
          for (let row = 0; row < rows; ++row) z[row * units] = 0;
          if (rows > 2) z.fill(0, units, 2 * units);
          const extra = randomNumbers(3, rows);
          for (const other of [undefined, extra]) {
            poison([rows, units], [rows]);
            const inputs = {z: matrix(z, rows), ...(other && {extra: tf.tensor1d(other)})};
            const [y, goodness, factors, losses] = goodnessRows(inputs, {...rule, positives}) as Tensor[];
            const expected = rowsOf(z, rows, {...rule, positives}, other);
            await expectClose(
              y as Tensor,
              expected.flatMap((row) => row.y)
            );
            await expectClose(
              goodness as Tensor,
              expected.map((row) => row.goodness)
            );
            await expectClose(
              factors as Tensor,
              expected.map((row) => row.factor)
            );
            await expectClose(
              losses as Tensor,
              expected.map((row) => row.loss)
            );
          }
        })()
      );
    });

    test(
      "far from the threshold, on either side, losses stay finite and slopes keep their digits",
      withoutLeak(async () => {
        const z = matrix(Float32Array.of(0, 0, 12, 0, 0, 0, 12, 0), 4);
        const attrs = {positives: 2, threshold: 72, share: 1, spread: 0, epsilon: 1};
        const [, , factors, losses] = goodnessRows({z}, attrs) as Tensor[];
        await expectClose(losses as Tensor, [72, 0, 0, 72]);
        await expectClose(factors as Tensor, [-0.5, -2.690093e-32, 2.690093e-32, 0.5], {atol: 0});
      })
    );

    test.each(
      [...SIZES, ...(large ? LARGE : [])].flatMap((sizes) =>
        [undefined, "awake", "all"].map((offsets) => ({...sizes, offsets}))
      )
    )("gradients: $rows rows, $inputs inputs, $units units, offsets $offsets", (sizes) =>
      withoutLeak(async () => {
        const {rows, inputs, units} = sizes;
        const numbers = {
          x: randomNumbers(1, rows * inputs),
          y: relu(randomNumbers(2, rows * units)),
          factors: randomNumbers(3, rows),
          ...(sizes.offsets && {offsets: randomNumbers(4, units)})
        };
        const attrs = {positives: Math.floor(rows / 2), straightThrough: sizes.offsets === "all"};
        const {offsets} = numbers;
        const given = {
          a: matrix(numbers.x, rows),
          b: matrix(numbers.y, rows),
          factors: tf.tensor1d(numbers.factors),
          ...(offsets && {offsets: tf.tensor1d(offsets)})
        };
        poison([inputs, units], [units]);
        const [kernel, bias] = goodnessGrads(given, attrs) as [Tensor, Tensor];
        const expected = gradsOf(numbers, attrs);
        await expectClose(kernel, expected.kernel);
        await expectClose(bias, expected.bias);
        const again = goodnessGrads(given, attrs) as [Tensor, Tensor];
        expect(await again[0].data()).toEqual(await kernel.data());
        expect(await again[1].data()).toEqual(await bias.data());
      })()
    );

    test(
      "what is no number stays in its row, and comes into every gradient of its unit",
      withoutLeak(async () => {
        const z = matrix(Float32Array.of(1, 2, NaN, 1, 0.5, 0), 3);
        const attrs = {positives: 1, threshold: 1, share: 1, spread: 0.5, epsilon: 1e-8};
        const [y, goodness, factors, losses] = goodnessRows({z}, attrs) as Tensor[];
        for (const perRow of [goodness, factors, losses])
          expect(Array.from(await (perRow as Tensor).data(), Number.isNaN)).toEqual([false, true, false]);
        expect(Array.from(await (y as Tensor).data(), Number.isNaN)).toEqual([
          false,
          false,
          true,
          true,
          false,
          false
        ]);
        const grads = {a: tf.ones([3, 2]), b: y as Tensor, factors: factors as Tensor};
        const [kernel, bias] = goodnessGrads(grads, {positives: 1, straightThrough: false}) as Tensor[];
        for (const gradient of [kernel, bias])
          expect(Array.from(await (gradient as Tensor).data(), Number.isNaN)).not.toContain(false);
      })
    );

    const LOSSES = {logistic: logisticLoss(0.7), pairs: symbaLoss(2)};
    const WAYS = (["logistic", "pairs"] as const).flatMap((loss) =>
      (["sum", "mean"] as const).flatMap((goodness) =>
        ([undefined, "relu", "straight through"] as const).map((peers) => ({loss, goodness, peers}))
      )
    );
    test.each(large ? WAYS : WAYS.slice(0, 3))(
      "a layer's step is that of differentiation: $loss of the $goodness, peers $peers",
      (way) =>
        withoutLeak(async () => {
          const layer = ops.dense({
            units: 5,
            activation: way.peers === "straight through" ? straightThroughRelu : "relu"
          });
          const x = matrix(randomNumbers(1, 8 * 3), 8);
          const params = {kernel: matrix(randomNumbers(2, 3 * 5), 3), bias: tf.tensor1d(randomNumbers(3, 5))};
          const peer = {weight: 2, momentum: 0.8, mean: tf.tensor1d(randomNumbers(4, 5))};
          const options = {
            loss: LOSSES[way.loss],
            goodness: way.goodness,
            divisor: divisorOf("length", 5),
            ...(way.peers && {peer})
          };
          const block = (of: typeof layer) => ({layer: of, params: {layer: params}}) as unknown as Block;
          const own = goodnessGradient(block(layer), x, {path: "block1"}, options);
          // Under another name it is no dense layer that kernels know.
          const other = goodnessGradient(block({...layer, name: "other"}), x, {path: "block1"}, options);
          const {kernel, bias} = other.updates as Record<string, Tensor>;
          const {kernel: ownKernel, bias: ownBias} = own.updates as Record<string, Tensor>;
          const numbersOf = async (tensor: Tensor | undefined) => Array.from(await (tensor as Tensor).data());
          await expectClose(ownKernel as Tensor, await numbersOf(kernel));
          await expectClose(ownBias as Tensor, await numbersOf(bias));
          await expectClose(own.loss, await numbersOf(other.loss));
          await expectClose(own.goodness, await numbersOf(other.goodness));
          await expectClose(own.normalized as Tensor, await numbersOf(normalizer("length")(other.output)));
          if (way.peers) await expectClose(own.peerMean as Tensor, await numbersOf(other.peerMean));
        })()
    );

    test(
      "no rows give gradients of zero",
      withoutLeak(async () => {
        const attrs = {positives: 0, threshold: 1, share: 1, spread: 0, epsilon: 1};
        const [y, goodness] = goodnessRows({z: tf.zeros([0, 3])}, attrs) as Tensor[];
        expect([y?.shape, goodness?.shape]).toEqual([[0, 3], [0]]);
        poison([2, 3], [3]);
        const grads = {a: tf.zeros([0, 2]), b: y as Tensor, factors: goodness as Tensor};
        const [kernel, bias] = goodnessGrads(grads, {positives: 0, straightThrough: true}) as Tensor[];
        await expectClose(kernel as Tensor, [0, 0, 0, 0, 0, 0]);
        await expectClose(bias as Tensor, [0, 0, 0]);
      })
    );
  });
}
