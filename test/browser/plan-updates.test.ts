// Plans of steps in which the optimizer steps the same parameters more than once.
import {beforeAll, describe, expect, it} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";

const {accumulate, adam, adamw, chain, dense, ema, key, layerwise, lion, rmsprop, scaleBySchedule, sgd, tf} =
  ops;
const {predictiveCoding} = ops.forwardForward;

// As trainings of a page: without the checks that tests have.
beforeAll(() => use("webgpu", {checked: false}));

const data = ops.datasets.gaussians({n: 32, classes: 4, seed: 5});
const UPDATES = 3;
/** The third is the first to be replayed, and the ninth is compared. */
const STEPS = 12;

/** Weights that learn at every step of inference: as many updates of every level in each step of training. */
const incremental = (levels: number) =>
  predictiveCoding({
    layers: Array.from({length: levels}, (_, i) => dense({units: i === levels - 1 ? 4 : 6})),
    learn: "incremental",
    steps: UPDATES,
    rate: 0.1
  }) as unknown as Layer;

async function trained(byLevel: readonly Optimizer[], plan: boolean) {
  const optimizer = layerwise((name) => byLevel[Number(name.slice("level".length)) - 1] as Optimizer);
  const options = {optimizer, plan, steps: STEPS, batchSize: 16, key: key(4), logEvery: 1};
  const training = ops.fit(incremental(byLevel.length), data, options);
  const rows = [];
  for await (const row of training) rows.push(row);
  const params = await Promise.all(
    ops.tree.leaves(training.params as unknown as Tensor).map(async (leaf) => [...(await leaf.data())])
  );
  const report = training.plan;
  training.dispose();
  return {rows, params, report};
}

/** Both ways; plans have to change nothing. */
async function compared(optimizersOf: () => Optimizer[]): Promise<void> {
  const before = tf.memory().numTensors;
  const planned = await trained(optimizersOf(), true);
  const plain = await trained(optimizersOf(), false);
  expect(planned.report).toMatchObject({status: "recorded"});
  expect(plain.report?.status).toBe("refused");
  expect(planned.rows).toEqual(plain.rows);
  expect(planned.params).toEqual(plain.params);
  expect(tf.memory().numTensors).toBe(before);
}

const falling = ops.cosineSchedule({from: 0.05, to: 0.001, steps: UPDATES * STEPS});

/** Signs of the gradient for ten updates, chosen anew by every tenth: what masks do. */
function everyTenth(): Optimizer {
  return {
    init: (params) => ({step: 0, signs: ops.tree.zerosLike(params)}),
    isIrregular: (state) => (state as {step: number}).step % 10 === 0,
    update(grads, state) {
      const {step, signs} = state as {step: number; signs: Params};
      const chosen = step % 10 === 0 ? ops.tree.map((g: Tensor) => tf.sign(g), grads) : signs;
      const updates = ops.tree.map(
        (g: Tensor, _path, s) => tf.mul(tf.mul(g, tf.abs(s as Tensor)), -0.05),
        grads,
        chosen
      );
      return {updates: updates as Params, state: {step: step + 1, signs: chosen}};
    }
  };
}

describe("incremental predictive coding, replayed, gives the bits that it gives unrecorded", () => {
  it(
    "by Adam, AdamW, SGD and Lion, with schedules and a momentum that rises",
    () =>
      compared(() => [
        adam({learningRate: 0.01}),
        adamw({learningRate: falling, weightDecay: 0.1}),
        sgd({learningRate: falling}),
        sgd({learningRate: 0.02, momentum: (step) => 1 - 1 / (2 + step)}),
        lion({learningRate: falling})
      ]),
    120_000
  );

  it(
    "by optimizers inside of others: in chains, means and sums over several updates",
    () =>
      compared(() => [
        rmsprop({learningRate: falling}),
        ema(adam(), {decay: (step) => (step + 1) / (step + 2)}),
        chain(scaleBySchedule(falling), sgd({learningRate: 1})),
        accumulate(UPDATES, adam({learningRate: falling}))
      ]),
    120_000
  );

  it(
    "where one update in ten is unlike the others, wherever in a step it falls",
    () => compared(() => [everyTenth(), sgd({learningRate: 0.05})]),
    120_000
  );
});
