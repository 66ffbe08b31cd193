import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;
const UNITS = 2000;

/** How many removed, and how many kept weights take part in a training step. */
async function takingPart(
  options: {kind?: "temperature" | "random"; shape?: "linear" | "cosine"},
  step: number
) {
  const kernel = tf.tensor2d(
    Array.from({length: UNITS}, (_, i) => (i % 4 === 0 ? 1 : 0)),
    [1, UNITS]
  );
  const masks = {kernel};
  const model = pruning.annealedSubnetwork(ops.dense({units: UNITS, useBias: false}), {
    masks,
    steps: 10,
    start: 0.6,
    ...options
  });
  const {gates} = model.init(ops.key(0), [1]);
  const state = {annealedSubnetwork: {step: tf.scalar(step)}};
  const params = {weights: {kernel: tf.ones([1, UNITS])}, gates};
  const context = {training: true, key: ops.key(3), state, setState() {}};
  const seen = await valuesOf(model.apply(params, tf.ones([1, 1]), context));
  const evaluated = await valuesOf(model.apply(params, tf.ones([1, 1])));
  expect(evaluated).toEqual(await valuesOf(kernel));
  return {
    removed: seen.filter((_, i) => i % 4 !== 0).reduce((sum, each) => sum + each, 0) / (0.75 * UNITS),
    kept: seen.filter((_, i) => i % 4 === 0).reduce((sum, each) => sum + each, 0) / (0.25 * UNITS)
  };
}

for (const backend of NODE_BACKENDS) {
  describe(`stochastic subnetwork annealing on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "removed weights take part by a chance that falls to nothing",
      withoutLeak(async () => {
        const half = await takingPart({shape: "linear"}, 4);
        expect(half.kept).toBe(1);
        expect(Math.abs(half.removed - 0.3)).toBeLessThan(0.05);
        const quarter = await takingPart({shape: "cosine"}, 4);
        expect(Math.abs(quarter.removed - 0.3)).toBeLessThan(0.05);
        const early = await takingPart({}, 0);
        expect(Math.abs(early.removed - 0.6 * (0.5 + 0.5 * Math.cos(Math.PI / 10)))).toBeLessThan(0.05);
        expect(await takingPart({}, 9)).toEqual({removed: 0, kept: 1});
        const random = await takingPart({kind: "random", shape: "linear"}, 4);
        expect(Math.abs(random.removed - 0.25)).toBeLessThan(0.06);
        expect(Math.abs(random.kept - 0.75)).toBeLessThan(0.06);
        expect(await takingPart({kind: "random"}, 30)).toEqual({removed: 0, kept: 1});
      })
    );
  });
}

describe("stochastic subnetwork annealing on digits", () => {
  beforeAll(() => use("wasm"));

  test("ends with the given masks, and removed weights learn only while they take part", async () => {
    const dense = ops.mlp([64, 64, 10]);
    const weights = dense.init(ops.key(0));
    const masks = await pruning.prune(weights, {sparsity: 0.75});
    const model = pruning.annealedSubnetwork(dense, {masks, steps: 80});
    const kernelOf = (tree: unknown) => (tree as {dense1: {kernel: Tensor}}).dense1.kernel;
    const mask = await valuesOf(kernelOf(masks));
    let atEnd: number[] = [];
    const found = await trainOnDigits(
      model,
      {
        steps: 160,
        params: {weights, gates: {}},
        optimizer: ops.sgd({learningRate: 0.4}),
        onStep: ({step, params}) => {
          if (step === 80) atEnd = Array.from(kernelOf(params.weights).dataSync());
        }
      },
      async (state) => {
        const left = model.weightsOf(state.params);
        const result = {
          sparsity: await pruning.sparsityOf(left),
          left: await valuesOf(kernelOf(left)),
          all: await valuesOf(kernelOf(state.params.weights))
        };
        ops.tree.dispose(left);
        return result;
      }
    );
    const before = await valuesOf(kernelOf(weights));
    const removed = (at: readonly number[]) => at.filter((_, i) => mask[i] === 0);
    expect(found.sparsity).toBe(await pruning.sparsityOf(masks));
    expect(countOf(found.left)).toBe(countOf(mask));
    expect(removed(atEnd)).not.toEqual(removed(before));
    expect(removed(found.all)).toEqual(removed(atEnd));
    expect(found.accuracy).toBeGreaterThan(0.7);
    pruning.disposeMasks(masks);
    ops.tree.dispose(weights);
  });

  test("wrong calls say what to pass", () => {
    const make = (options: object) => () =>
      pruning.annealedSubnetwork(ops.dense({units: 2}), {
        masks: {kernel: tf.ones([1, 2])},
        steps: 5,
        ...options
      });
    expect(make({kind: "cold"})).toThrow(/kind must be "temperature" or "random"/);
    expect(make({shape: "step"})).toThrow(/shape must be "linear" or "cosine"/);
    expect(make({start: 2})).toThrow(/start must be a number between 0 and 1/);
  });
});
