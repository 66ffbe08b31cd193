import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {SparseState} from "../../../src/ops/pruning/updaters/sparse-state.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;

for (const backend of NODE_BACKENDS) {
  describe(`weight recycling on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the least important weights take the values of the most important, the least that of the most",
      withoutLeak(async () => {
        const params = {kernel: tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])};
        const scores = [0.5, -0.1, 0.9, 0.2, -0.8, 0.3, 0.05, 0.4];
        const optimizer = pruning.weightRecycling(ops.sgd({learningRate: 0}), {
          sparsity: 0.5,
          every: 2,
          share: 0.25
        });
        const fresh = optimizer.init(params) as SparseState;
        const latent = {...fresh.latent, "score kernel": tf.tensor2d(scores, [4, 2])};
        const grads = {kernel: tf.ones([4, 2])};
        const stepFrom = (maskStep: number) => {
          const state = {...fresh, maskStep, latent};
          return {
            next: ops.stepOptimizer(optimizer, grads, state, params),
            isIrregular: optimizer.isIrregular?.(state)
          };
        };
        const ordinary = stepFrom(1);
        expect(ordinary.isIrregular).toBe(false);
        expect(await valuesOf((ordinary.next.state as SparseState).latent["weight kernel"])).toEqual([
          1, 2, 3, 4, 5, 6, 7, 8
        ]);
        const recycled = stepFrom(2);
        expect(recycled.isIrregular).toBe(true);
        // Scores by size: .9 (3), .8 (5) are the most important, .05 (7) and .1 (2) the least.
        expect(await valuesOf((recycled.next.state as SparseState).latent["weight kernel"])).toEqual([
          1, 5, 3, 4, 5, 6, 3, 8
        ]);
        expect(await valuesOf(recycled.next.params.kernel)).toEqual([1, 0, 3, 0, 5, 0, 0, 8]);
      })
    );
  });
}

describe("weight recycling on digits", () => {
  beforeAll(() => use("wasm"));

  test("only values of the start occur, fewer of them, and the network learns", async () => {
    const model = ops.mlp([64, 64, 10]);
    const optimizer = pruning.weightRecycling(ops.adam({learningRate: 0.02}), {sparsity: 0.5, every: 25});
    const params = model.init(ops.key(3));
    const before = new Set(await valuesOf((params.dense1 as {kernel: never}).kernel));
    const {accuracy, after, sparsity} = await trainOnDigits(
      model,
      {steps: 150, optimizer, params},
      async (state) => ({
        after: await valuesOf((state.params.dense1 as {kernel: never}).kernel),
        sparsity: await pruning.sparsityOf(state.params)
      })
    );
    const left = after.filter((value) => value !== 0);
    expect(left.every((value) => before.has(value))).toBe(true);
    expect(new Set(left).size).toBeLessThan(left.length);
    expect(countOf(after)).toBe(64 * 32);
    expect(sparsity).toBe(0.5);
    expect(accuracy).toBeGreaterThan(0.6);
    ops.tree.dispose(params);
  });

  test("wrong calls say what to pass", () => {
    const make = (options: {every: number; share?: number}) => () =>
      pruning.weightRecycling(ops.adam(), {sparsity: 0.5, ...options});
    expect(make({every: 0})).toThrow(/every must be a whole number/);
    expect(make({every: 5, share: 0.6})).toThrow(/share must be a number between 0 and 0.5/);
    expect(make({every: 5, share: 0})).toThrow(/use supermask/);
  });
});
