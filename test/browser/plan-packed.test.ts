import {beforeAll, describe, expect, it} from "vitest";
import * as ops from "../../src/ops/core/index.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Dataset} from "../../src/ops/datasets/index.ts";
import {spirals} from "../../src/ops/datasets/index.ts";
import {masked} from "../../src/ops/pruning/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import * as zoo from "../../src/ops/zoo/index.ts";
import {use} from "../ops/support.ts";

const {adam, dense, dropout, key, mlp, sequential, tf} = ops;

// As trainings of a page: without the checks that tests have.
beforeAll(() => use("webgpu", {checked: false}));

const data = spirals({n: 200});
const images: Dataset = {
  ...data,
  inputs: Float32Array.from({length: 64 * 784}, (_, i) => Math.sin(i * i)),
  labels: Int32Array.from({length: 64}, (_, i) => i % 10),
  inputShape: [784],
  classes: 10
};
const valuesOf = async (params: ops.Params) =>
  Promise.all(ops.tree.leaves(params as Tensor).map(async (leaf) => [...(await leaf.data())]));

async function alone(model: Layer, from: Dataset, options: ops.RunOptions) {
  const training = ops.fit(model, from, options);
  const rows: ops.FitRow[] = [];
  for await (const row of training) rows.push(row);
  const params = await valuesOf(training.params);
  training.dispose();
  return {rows, params};
}

async function together(model: Layer | Layer[], from: Dataset, runs: readonly ops.RunOptions[]) {
  const sweep = ops.fitAll(model, from, runs);
  const rows: ops.RunRow[] = [];
  for await (const row of sweep) rows.push(row);
  const params = await Promise.all(runs.map((_, run) => valuesOf(sweep.params(run))));
  const {plan} = sweep;
  sweep.dispose();
  return {rows, params, plan};
}

/** Trains both ways; packing has to change nothing. */
async function compared(model: Layer | Layer[], runs: readonly ops.RunOptions[], from = data) {
  const before = tf.memory();
  const packed = await together(model, from, runs);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numBytes).toBe(before.numBytes);
  for (const [run, options] of runs.entries()) {
    const {rows, params} = await alone(Array.isArray(model) ? (model[run] as Layer) : model, from, options);
    const own = packed.rows.filter((row) => row.run === run).map(({run: _, ...row}) => row);
    expect(own).toEqual(rows);
    expect(packed.params[run]).toEqual(params);
  }
  return packed.plan;
}

const sweep = (count: number, options: ops.RunOptions): ops.RunOptions[] =>
  Array.from({length: count}, (_, i) => ({
    key: key(i),
    optimizer: adam({learningRate: 0.002 * (i + 1)}),
    batchSize: 32,
    logEvery: 7,
    ...options
  }));

describe("runs that are packed have the bits that they have alone", () => {
  it("with seeds and learning rates of their own, at the dispatches of one run", async () => {
    const plan = await compared(mlp([2, 16, 16, 3]) as Layer, sweep(5, {steps: 40}));
    expect(plan).toEqual({status: "recorded", dispatches: expect.any(Number), bytes: expect.any(Number)});
    expect(plan?.dispatches).toBeLessThanOrEqual(14);
  });

  it("with dropout, the states of layers, schedules and evaluations", async () => {
    const model = sequential([
      dense({units: 16}),
      ops.batchNorm(),
      ops.activation("relu"),
      dropout(0.3),
      dense({units: 3})
    ]) as Layer;
    // tfjs's own kernels are given once a run.
    const runs = sweep(3, {steps: 30, test: data, evaluateEvery: 13}).map((run, i) => ({
      ...run,
      optimizer: adam({learningRate: ops.cosineSchedule({from: 0.01 * (i + 1), steps: 30})})
    }));
    const plan = await compared(model, runs);
    expect(plan?.status).toBe("recorded");
  });

  it("for LeNet-300-100", async () => {
    const plan = await compared(zoo.lenet300100() as Layer, sweep(3, {steps: 12, batchSize: 16}), images);
    expect(plan?.status).toBe("recorded");
    // One dispatch each for all runs, but for Adam's on an adapter that computes on the CPU: one a run.
    expect(plan?.dispatches).toBeLessThanOrEqual(16);
  });

  it("with dropout rates of their own, from the same parameters", async () => {
    const models = [0.1, 0.5].map(
      (rate) =>
        sequential([dense({units: 16}), ops.activation("relu"), dropout(rate), dense({units: 3})]) as Layer
    );
    const params = (models[0] as Layer).init(key(9), [2]);
    const plan = await compared(models, sweep(2, {steps: 20, params}));
    expect(plan?.reason).toBeUndefined();
    ops.tree.dispose(params);
  });

  it("with masks of their own", async () => {
    const model = mlp([2, 16, 3]) as Layer;
    const params = model.init(key(0), [2]);
    const masks = [2, 3, 5].map((every) =>
      ops.tree.map((leaf: Tensor) => {
        const kept = Float32Array.from({length: leaf.size}, (_, i) => Number(i % every > 0));
        return tf.tensor(kept, leaf.shape);
      }, params)
    ) as ops.Params[];
    const runs = sweep(3, {steps: 20}).map((options, run) => ({
      ...options,
      optimizer: masked(adam(), {mask: masks[run] as ops.Params})
    }));
    expect((await compared(model, runs))?.reason).toBeUndefined();
    for (const tree of [params, ...masks]) ops.tree.dispose(tree);
  });

  it("by themselves, with a plan each, where they do different things", async () => {
    const models = ["relu", "tanh"].map((activation) =>
      mlp([2, 16, 3], {activation: activation as "relu"})
    ) as Layer[];
    const plan = await compared(models, sweep(2, {steps: 30}));
    expect(plan).toMatchObject({status: "recorded", reason: expect.stringContaining("not packed")});
  });
});
