import {beforeAll, describe, expect, test} from "vitest";
import type {Layer} from "../../../src/ops/core/layer.ts";
import {ops} from "../../../src/ops/index.ts";
import type {SubnetworkParams} from "../../../src/ops/pruning/methods/subnetwork.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;
const WEIGHTS = [0.5, -0.1, 0.9, 0.2, -0.8, 0.3, 0.05, 0.4];
const inside = () => ops.dense({units: 8, useBias: false});
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const paramsOf = (kernel = tf.tensor2d(WEIGHTS, [1, 8])): SubnetworkParams => ({
  weights: {kernel},
  gates: {}
});

function applied(
  model: Layer<SubnetworkParams>,
  params: SubnetworkParams,
  step: number,
  x = tf.ones([1, 1])
) {
  const state = {pdp: {step: tf.scalar(step)}};
  return model.apply(params, x, {training: true, key: ops.key(0), state, setState() {}});
}

for (const backend of NODE_BACKENDS) {
  describe(`PDP on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "weights fade around a threshold midway between what stays and what goes, more of them with the steps",
      withoutLeak(async () => {
        const model = pruning.pdp(inside(), {sparsity: 0.75, start: 2, end: 6, temperature: 0.01});
        const params = paramsOf();
        const kernel = (params.weights as {kernel: Tensor}).kernel;
        expect(await valuesOf(applied(model, params, 0))).toEqual(await valuesOf(kernel));
        const late = await valuesOf(applied(model, params, 50));
        // Of eight two stay, .9 and .8; the threshold is .65.
        WEIGHTS.forEach((w, i) => {
          expect(late[i]).toBeCloseTo(w * sigmoid((w * w - 0.65 ** 2) / 0.01), 4);
        });
      })
    );

    test(
      "the soft mask and the gradient through weight and mask",
      withoutLeak(async () => {
        const temperature = 0.05;
        const model = pruning.pdp(inside(), {sparsity: 0.75, start: 2, end: 6, temperature});
        // Half of the way, 5 of 8 stay: .9 .8 .5 .4 .3, and .2 is the largest that goes.
        const threshold = 0.25;
        const masks = WEIGHTS.map((w) => sigmoid((w * w - threshold * threshold) / temperature));
        await expectClose(
          applied(model, paramsOf(), 3),
          WEIGHTS.map((w, i) => w * (masks[i] as number))
        );
        const gradients = ops.grad((at: SubnetworkParams) => tf.sum(applied(model, at, 3)));
        const {weights} = gradients(paramsOf()) as SubnetworkParams;
        await expectClose(
          (weights as {kernel: Tensor}).kernel,
          WEIGHTS.map((w, i) => {
            const m = masks[i] as number;
            return m + (w * m * (1 - m) * 2 * w) / temperature;
          })
        );
      })
    );

    test(
      "evaluation has exactly the target, of weights, of channels and of each group",
      withoutLeak(async () => {
        const hard = async (options: object, kernel: Tensor) => {
          const model = pruning.pdp(ops.dense({units: kernel.shape[1] as number, useBias: false}), options);
          const {kernel: left} = model.weightsOf(paramsOf(kernel as never)) as {kernel: Tensor};
          return valuesOf(left);
        };
        const at = (...kept: number[]) => WEIGHTS.map((w, i) => (kept.includes(i) ? Math.fround(w) : 0));
        const plain = (found: number[]) => found.map((w) => w + 0);
        expect(plain(await hard({sparsity: 0.75}, tf.tensor2d(WEIGHTS, [1, 8])))).toEqual(at(2, 4));
        // Columns of [4, 2]: even and odd places.
        expect(plain(await hard({sparsity: 0.5, channels: true}, tf.tensor2d(WEIGHTS, [4, 2])))).toEqual(
          at(0, 2, 4, 6)
        );
        // Groups of four rows in each of two columns.
        expect(plain(await hard({nByM: [1, 4]}, tf.tensor2d(WEIGHTS, [4, 2])))).toEqual(at(2, 7));
        const tied = await hard({nByM: [2, 4]}, tf.ones([4, 1]));
        expect(tied).toEqual([0, 0, 1, 1]);
      })
    );
  });
}

describe("PDP on digits", () => {
  beforeAll(() => use("wasm"));

  test.each([
    ["weights", {sparsity: 0.9, end: 120}, 0.9],
    [
      "1:4",
      {
        nByM: [1, 4] as const,
        prunable: (path: string) => path !== "dense2/kernel" && path.endsWith("kernel")
      },
      0.75
    ]
  ])("learns and ends exactly as sparse as asked: %s", async (_name, options, sparsity) => {
    const model = pruning.pdp(ops.mlp([64, 64, 10]), options);
    const found = await trainOnDigits(
      model,
      {steps: 200, optimizer: ops.adam({learningRate: 0.01})},
      async (state) => {
        const left = model.weightsOf(state.params);
        const kernel = (left as {dense1: {kernel: Tensor}}).dense1.kernel;
        const result = {pruned: 1 - countOf(await valuesOf(kernel)) / kernel.size};
        ops.tree.dispose(left);
        return result;
      }
    );
    expect(found.pruned).toBeCloseTo(sparsity, 3);
    expect(found.accuracy).toBeGreaterThan(0.8);
  });

  test("wrong calls say what to pass", () => {
    const final =
      (options: object, kernel = tf.ones([6, 2])) =>
      () =>
        pruning.pdp(ops.dense({units: 2}), options).weightsOf(paramsOf(kernel as never));
    expect(() => pruning.pdp(ops.dense({units: 2}), {sparsity: 1})).toThrow(/pass a number from 0 up to/);
    expect(() => pruning.pdp(ops.dense({units: 2}), {})).toThrow(/pass a sparsity such as 0.9, or nByM/);
    expect(final({nByM: [2, 4]})).toThrow(/do not divide into groups of 4/);
    expect(final({nByM: [2, 3], sparsity: 0.5})).toThrow(/leave out sparsity and channels/);
    expect(final({sparsity: 0.5, start: 5, end: 5})).toThrow(/end must be a whole number of at least 6/);
  });
});
