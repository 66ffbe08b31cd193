import {beforeAll, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {PerpParams} from "../../../src/ops/pruning/methods/perp.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {expectClose, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {applyMasks, perp, prune, sparsityOf} = ops.pruning;

beforeAll(() => use("wasm"));

const model = ops.sequential([ops.dense({units: 3}), ops.layerNorm(), ops.dense({units: 2})]);

test(
  "each part trains its own parameters, and the share counts them",
  withoutLeak(async () => {
    const params = model.init(ops.key(0), [4]);
    const masks = await prune(params, {sparsity: 0.5});
    const namesOf = (options: object) => {
      const little = perp(model, params, masks, options);
      const first = little.model.init(ops.key(9), [4]);
      little.dispose();
      return [ops.tree.entries(first).map(({path}) => path), little.share];
    };
    // 12 + 3 weights, a norm of 3 + 3, 6 + 2 weights: 29.
    expect(namesOf({train: ["biases"]})).toEqual([["own/dense1/bias", "own/dense2/bias"], 5 / 29]);
    expect(namesOf({train: ["norms"]})).toEqual([["own/layerNorm1/scale", "own/layerNorm1/bias"], 6 / 29]);
    expect(namesOf({train: ["head"]})).toEqual([["own/dense2/kernel", "own/dense2/bias"], 8 / 29]);
    expect(namesOf({train: [], rank: 1})[1]).toBe((4 + 3 + 3 + 2) / 29);
  })
);

test(
  "MaskLoRA is W + mask * (down up), and begins as the pruned network",
  withoutLeak(async () => {
    const params = {kernel: tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), bias: tf.zeros([2])};
    const masks = {kernel: tf.tensor2d([1, 0, 1, 1, 0, 1], [3, 2]), bias: null};
    const layer = ops.dense({units: 2});
    const little = perp(layer, params, masks, {train: [], rank: 1, scale: 2});
    const trained: PerpParams = {
      own: {},
      down: {kernel: tf.tensor2d([1, 2, 3], [3, 1])},
      up: {kernel: tf.tensor2d([10, 100], [1, 2])}
    };
    const {kernel} = little.merge(trained) as {kernel: Tensor};
    await expectClose(kernel, [21, 0, 43, 404, 0, 606]);
    const x = tf.tensor2d([1, 1, 1], [1, 3]);
    await expectClose(little.model.apply(trained, x), [64, 1010]);
    const first = little.model.init(ops.key(0), [3]);
    await expectClose(little.model.apply(first, x), [4, 10]);
    little.dispose();
  })
);

test(
  "a convolution's kernel is adapted as [height width in, out]",
  withoutLeak(async () => {
    const layer = ops.conv2d({filters: 4, kernelSize: 3});
    const params = layer.init(ops.key(0), [6, 6, 2]);
    const masks = await prune(params, {sparsity: 0.5});
    const little = perp(layer, params, masks, {rank: 2});
    const first = little.model.init(ops.key(0), [6, 6, 2]);
    expect(Object.values(first.down)[0]?.shape).toEqual([18, 2]);
    const up = ops.tree.map((leaf: Tensor) => tf.ones(leaf.shape), first.up) as Record<string, Tensor>;
    expect(await sparsityOf(little.merge({...first, up}))).toBe(0.5);
    little.dispose();
  })
);

test("it recovers what pruning lost, the zeros stay, and what is frozen stays to the bit", async () => {
  datasetsFromDisk();
  const {train: seen, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.3, seed: 1});
  const network = ops.mlp([64, 64, 10]);
  const dense = ops.fit(network, seen, {steps: 150});
  for await (const _row of dense);
  const masks = await prune(dense.params, {sparsity: 0.9});
  const pruned = applyMasks(dense.params, masks);
  const before = await ops.evaluate(network, pruned, unseen);
  const little = perp(network, dense.params, masks, {rank: 4});
  const training = ops.fit(little.model, seen, {steps: 100});
  for await (const _row of training);
  const merged = little.merge(training.params);
  const after = await ops.evaluate(network, merged as typeof pruned, unseen);
  expect(after.accuracy).toBeGreaterThan(before.accuracy + 0.1);
  expect(await sparsityOf(merged)).toBe(await sparsityOf(masks));
  const only = perp(network, dense.params, masks, {train: ["biases"]});
  const {dense1} = only.merge(only.model.init(ops.key(0), [64])) as typeof pruned & {
    dense1: {kernel: Tensor};
  };
  const want = (pruned as unknown as {dense1: {kernel: Tensor}}).dense1.kernel;
  expect(await dense1.kernel.data()).toEqual(await want.data());
});

test(
  "wrong calls say what to pass",
  withoutLeak(async () => {
    const params = model.init(ops.key(0), [4]);
    const masks = await prune(params, {sparsity: 0.5});
    expect(() => perp(model, params, masks, {train: ["kernels" as "head"]})).toThrow(
      'train is a list of biases, norms, head; got "kernels".'
    );
    expect(() => perp(model, params, masks, {rank: 0})).toThrow("rank must be a whole number from 1 on");
    expect(() => perp(model, params, masks, {train: []})).toThrow("Nothing of dense1/kernel");
  })
);
