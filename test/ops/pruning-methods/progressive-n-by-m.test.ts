import {beforeAll, describe, expect, test} from "vitest";
import type {TrainState} from "../../../src/ops/core/train-step.ts";
import {ops} from "../../../src/ops/index.ts";
import type {SparseState} from "../../../src/ops/pruning/updaters/sparse-state.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {fixture, NODE_BACKENDS, numbers, tensor, use, withoutLeak} from "../support.ts";
import {ones, values} from "./sparse-training-support.ts";

const {tf, pruning} = ops;
const {progressiveNByM} = pruning;
const steps = {start: 2, end: 10, every: 2};

describe.each(NODE_BACKENDS)("progressive N:M sparsity on %s", (backend) => {
  beforeAll(() => use(backend));

  test.each(["nm-mask-2-4-ties", "nm-mask-1-4-axis0"])("%s at the end", (name) =>
    withoutLeak(async () => {
      const {params: settings, inputs, outputs} = fixture(`pruning/${name}`);
      const scores = tensor(inputs.scores);
      const isFirst = name.endsWith("axis0");
      const w = isFirst ? scores : (tf.transpose(scores) as Tensor);
      const want = tensor(outputs.mask);
      const optimizer = progressiveNByM(ops.sgd({learningRate: 0}), {
        ...{n: settings.n as number, m: settings.m as number, start: 0, end: 1}
      });
      const state = ops.applyGradients(ops.initTrainState({w}, optimizer), {w: tf.zerosLike(w)}, optimizer);
      const mask = (state.optimizerState as SparseState).masks.w as Tensor;
      // Magnitudes decide; the fixture's scores are none below zero.
      expect(Math.min(...numbers(inputs.scores))).toBeGreaterThanOrEqual(0);
      expect(await values(isFirst ? mask : (tf.transpose(mask) as Tensor))).toEqual(await values(want));
    })()
  );

  test.each([
    ["linear", (p: number) => 1 - p],
    ["exponential", (p: number) => Math.exp(-5 * p)]
  ] as const)("%s: what passes falls, and gradients with it", (decay, factor) =>
    withoutLeak(async () => {
      const w = ops.random.normal(ops.key(1), [8, 3]);
      const optimizer = progressiveNByM(ops.sgd({learningRate: 0.01}), {n: 1, m: 4, ...steps, decay});
      let state: TrainState = ops.initTrainState({w}, optimizer);
      let dense = await values(w);
      let soft = dense.map(() => 1);
      const irregular: number[] = [];
      for (let step = 1; step <= 13; ++step) {
        if (optimizer.isIrregular?.(state.optimizerState)) irregular.push(step);
        state = ops.applyGradients(state, {w: tf.ones([8, 3])}, optimizer);
        dense = dense.map((each, i) => each - 0.01 * (soft[i] as number));
        if (irregular.includes(step)) {
          const rest = step >= 10 ? 0 : factor((step - 2) / 8);
          soft = dense.map((each, i) => {
            const group = dense.filter(
              (_, j) => j % 3 === i % 3 && Math.floor(j / 12) === Math.floor(i / 12)
            );
            return Math.max(...group.map(Math.abs)) === Math.abs(each) ? 1 : rest;
          });
        }
        (await values((state.params as {w: Tensor}).w)).forEach((each, i) => {
          expect(each).toBeCloseTo((dense[i] as number) * (soft[i] as number), 5);
        });
      }
      expect(irregular).toEqual([2, 4, 6, 8, 10]);
      expect(ones(await values((state.optimizerState as SparseState).masks.w))).toBe(6);
      expect(await pruning.sparsityOf(state.params)).toBe(0.75);
    })()
  );

  test(
    "stepwise: m-1, then halves, then n of m",
    withoutLeak(async () => {
      const w = ops.random.normal(ops.key(1), [16, 4]);
      const optimizer = progressiveNByM(ops.adam(), {
        n: 1,
        m: 8,
        start: 0,
        end: 9,
        every: 3,
        decay: "stepwise"
      });
      let state: TrainState = ops.initTrainState({w}, optimizer);
      const kept = async () => (1 - (await pruning.sparsityOf(state.params))) * 8;
      const seen = [await kept()];
      for (let step = 1; step <= 10; ++step) {
        state = ops.applyGradients(state, {w: tf.ones([16, 4])}, optimizer);
        seen.push(await kept());
      }
      expect(seen).toEqual([7, 7, 7, 4, 4, 4, 2, 2, 2, 1, 1]);
    })
  );
});

test("trains on digits, saved halfway with the same bits", async () => {
  await use("wasm");
  datasetsFromDisk();
  const data = await ops.datasets.digits();
  const run = async (options: object) => {
    const optimizer = progressiveNByM(ops.adam({learningRate: 0.005}), {
      n: 1,
      m: 8,
      start: 20,
      end: 90,
      prunable: (path) => /[12].kernel/.test(path)
    });
    const training = ops.fit(ops.mlp([64, 48, 10]), data, {optimizer, batchSize: 64, ...options});
    let accuracy = 0;
    for await (const row of training) accuracy = row.accuracy ?? 0;
    const saved = await training.save();
    const sparsity = await pruning.sparsityByLayer(training.params);
    const weights = await Promise.all(ops.tree.leaves<Tensor>(training.params).map(values));
    training.dispose();
    return {accuracy, saved, sparsity, weights};
  };
  const whole = await run({steps: 120});
  expect(whole.accuracy).toBeGreaterThan(0.6);
  expect(whole.sparsity).toEqual({"dense1/kernel": 0.875, "dense2/kernel": 0.875});
  const half = await run({steps: 60});
  const rest = await run({steps: 120, resume: half.saved});
  expect(rest.weights).toEqual(whole.weights);
});

test("wrong calls say what to pass", async () => {
  await use("cpu");
  const sgd = ops.sgd({learningRate: 1});
  expect(() => progressiveNByM(sgd, {n: 4, m: 4, ...steps})).toThrow(/n must be less than m/);
  expect(() => progressiveNByM(sgd, {n: 1, m: 4, start: 5, end: 5})).toThrow(/end must come after start/);
  expect(() => progressiveNByM(sgd, {n: 1, m: 4, ...steps, decay: "cubic" as never})).toThrow(
    /decay must be/
  );
  const odd = {w: tf.ones([6, 4])};
  expect(() => progressiveNByM(sgd, {n: 1, m: 4, ...steps}).init(odd)).toThrow(/w has 6 inputs/);
});
