import {beforeAll, expect, test} from "vitest";
import type {FitRow} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {network, TRAINED} from "../ops/moe-training-cases.ts";
import {use} from "../ops/support.ts";

const {tf, key} = ops;

beforeAll(() => use("webgpu"));

const data = ops.datasets.gaussians({n: 200, classes: 10});

async function trained(model: Layer, plan: boolean) {
  const training = ops.fit(model, data, {key: key(3), batchSize: 40, steps: 12, logEvery: 4, plan});
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  const values = async (tree: unknown) =>
    (await Promise.all(ops.tree.leaves(tree as Tensor).map((leaf) => leaf.data()))).map((each) => [...each]);
  const numbers = [await values(training.params), await values(training.state.modelState)];
  const told = training.plan;
  training.dispose();
  return {rows, numbers, told};
}

test.each(Object.entries(TRAINED))(
  "%s is recorded, and replays the bits of plain steps",
  async (_name, options) => {
    const model = network(options);
    const before = tf.memory().numTensors;
    const [planned, plain] = [await trained(model, true), await trained(model, false)];
    expect(planned.told).toMatchObject({status: "recorded"});
    expect(planned.rows).toEqual(plain.rows);
    expect(planned.numbers).toEqual(plain.numbers);
    expect(tf.memory().numTensors).toBe(before);
  }
);

test("a hash layer behind an embedding is recorded", async () => {
  const router = ops.moe.hashRouter({table: ops.moe.hashTable(4, {kind: "murmur3", vocabulary: 9})});
  const mixture = ops.moe.moe({experts: 4, router, expert: ops.moe.mlpExpert({hidden: 8})});
  const model = ops.sequential([
    ops.embedding({count: 9, features: 6}),
    mixture as Layer,
    ops.flatten(),
    ops.dense({units: 7})
  ]);
  const training = ops.fit(model, ops.datasets.modular({p: 7}), {
    key: key(3),
    batchSize: 16,
    steps: 12
  });
  for await (const _row of training);
  const told = training.plan;
  training.dispose();
  expect(told).toMatchObject({status: "recorded"});
});
