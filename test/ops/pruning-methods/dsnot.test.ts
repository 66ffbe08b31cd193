import {beforeAll, describe, expect, test} from "vitest";
import type {Dataset} from "../../../src/ops/datasets/dataset.ts";
import {ops} from "../../../src/ops/index.ts";
import {disposeMasks, type Masks} from "../../../src/ops/pruning/masks.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {values} from "./sparse-training-support.ts";

const {tf, pruning} = ops;
const {dsnot} = pruning;

/** Two inputs that hardly vary and two that do, of means 1.1, 2, -0.5 and 1. */
const rows = Array.from({length: 100}, (_, i) => [1 + (i % 2) * 0.2, 2, -1 + (i % 2), (i % 5) - 1]);

const dataOf = (inputs: readonly number[], width: number): Dataset => ({
  name: "given",
  inputs: Float32Array.from(inputs),
  inputShape: [width],
  labels: new Int32Array(inputs.length / width),
  classes: 2
});

describe.each(NODE_BACKENDS)("DSnoT on %s", (backend) => {
  beforeAll(() => use(backend));

  test("exchanges what cancels the expected error, by hand", async () => {
    const layer = ops.dense({units: 1});
    const data = dataOf(rows.flat(), 4);
    // gives w E[x]: 1.1, 4, -0.5, 3; pruned are the second and the fourth, so that 7 is missing on average.
    const params = {kernel: tf.tensor2d([[1], [2], [1], [3]]), bias: tf.zeros([1])};
    const masks = {kernel: tf.tensor2d([[1], [0], [1], [0]]), bias: null};
    const found = (await dsnot(params, masks, {model: layer, data})) as {kernel: Tensor};
    // Back comes the second (4, and it never varies), for the third: of those kept the only one that gives the other sign.
    expect(await values(found.kernel)).toEqual([1, 1, 0, 0]);
    expect(await values(masks.kernel)).toEqual([1, 0, 1, 0]);
    const still = (await dsnot(params, masks, {model: layer, data, threshold: 8})) as {kernel: Tensor};
    expect(await values(still.kernel)).toEqual([1, 0, 1, 0]);
    const none = (await dsnot(params, masks, {model: layer, data, cycles: 0})) as {kernel: Tensor};
    expect(await values(none.kernel)).toEqual([1, 0, 1, 0]);
    ops.tree.dispose([params, found, still, none, masks.kernel]);
  });

  test(
    "every output keeps its number, and the mean outputs of a layer come nearer",
    withoutLeak(async () => {
      const model = ops.mlp([20, 30, 5]);
      const x = ops.random.uniform(ops.key(4), [120, 20], 0, 2);
      const data = dataOf(await values(x), 20);
      const params = model.init(ops.key(1));
      const wanda = await pruning.prune(params, {
        ...{sparsity: 0.7, scope: "output", score: pruning.scores.wanda, model, data}
      });
      const better = await dsnot(params, wanda, {model, data, threshold: 0.01});
      const kernels = (tree: unknown) =>
        ops.tree.entries<Tensor | null>(tree as Masks).filter(({path, leaf}) => leaf && /kernel/.test(path));
      const [w] = kernels(params).map(({leaf}) => leaf as Tensor) as [Tensor];
      const errorOf = async (masks: Masks) => {
        const mask = kernels(masks)[0]?.leaf as Tensor;
        const gone = tf.mean(tf.matMul(x as never, tf.mul(w, tf.sub(1, mask)) as never), 0);
        return (await values(gone)).reduce((sum, each) => sum + Math.abs(each), 0);
      };
      expect(await errorOf(better)).toBeLessThan(0.5 * (await errorOf(wanda)));
      for (const [i, {leaf}] of kernels(better).entries()) {
        const [now, before] = [leaf, kernels(wanda)[i]?.leaf] as [Tensor, Tensor];
        expect(await values(tf.sum(now, 0))).toEqual(await values(tf.sum(before, 0)));
        for (const bit of await values(now)) expect([0, 1]).toContain(bit);
      }
    })
  );
});

test("improves a network trained on digits that Wanda pruned, where the error keeps its sign", async () => {
  await use("wasm");
  datasetsFromDisk();
  const {train, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.25, seed: 1});
  const model = ops.mlp([64, 64, 10]);
  const training = ops.fit(model, train, {steps: 200, optimizer: ops.adam({learningRate: 0.01})});
  for await (const _row of training);
  const look = {model, data: train};
  const wanda = await pruning.prune(training.params, {
    sparsity: 0.7,
    scope: "output",
    score: pruning.scores.wanda,
    ...look
  });
  const better = await dsnot(training.params, wanda, {...look, overshoot: false});
  const lossOf = async (masks: Masks) => {
    const pruned = pruning.applyMasks(training.params, masks);
    const {loss} = await ops.evaluate(model, pruned, unseen);
    ops.tree.dispose(pruned);
    return loss;
  };
  expect(await pruning.sparsityOf(better)).toBe(await pruning.sparsityOf(wanda));
  expect(await lossOf(better)).toBeLessThan(await lossOf(wanda));
  for (const masks of [wanda, better]) disposeMasks(masks);
  training.dispose();
});

test("wrong calls say what to pass", async () => {
  const params = {kernel: tf.ones([2, 2])};
  await expect(dsnot(params, params, {})).rejects.toThrow(/needs model and data/);
});
