import {beforeAll, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {optin, shrink} = ops.pruning;

beforeAll(() => use("wasm"));

test(
  "a unit's score is how far later layers and outputs move without it",
  withoutLeak(async () => {
    const model = ops.sequential([ops.dense({units: 2}), ops.dense({units: 2})]);
    const params = {
      dense1: {kernel: tf.tensor2d([1, 2], [1, 2]), bias: tf.zeros([2])},
      dense2: {kernel: tf.tensor2d([3, 0, 1, 1], [2, 2]), bias: tf.zeros([2])}
    };
    const data = {
      name: "one",
      inputs: new Float32Array([1]),
      inputShape: [1],
      labels: new Int32Array([0]),
      classes: 2
    };
    const {scores} = await optin(model, params, {data, cut: 0.1, lambda: 0.5});
    // Hidden [1, 2]; outputs [5, 2], without the first unit [2, 2], without the second [3, 0].
    const softmax = (a: number, b: number) =>
      [1, 1].map((_, i) => Math.exp([a, b][i] as number) / (Math.exp(a) + Math.exp(b)));
    const kl = (p: number[], q: number[]) =>
      p.reduce((sum, each, i) => sum + each * Math.log(each / (q[i] as number)), 0);
    const from = softmax(5, 2);
    const want = [9 / 29 + 0.5 * kl(from, softmax(2, 2)), 8 / 29 + 0.5 * kl(from, softmax(3, 0))];
    Array.from(scores.dense1 as Float32Array).forEach((score, i) => {
      expect(score).toBeCloseTo(want[i] as number, 5);
    });
    const last = await optin(model, params, {data, cut: 0.1, trajectory: false});
    expect(last.scores.dense1?.[1]).toBeCloseTo(kl(from, softmax(3, 0)), 5);
  })
);

test("under the budget, and better than the units of the largest scores, on digits", async () => {
  datasetsFromDisk();
  const {train: seen, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.8, seed: 1});
  const model = ops.mlp([64, 16, 16, 10]);
  const training = ops.fit(model, seen, {steps: 200});
  for await (const _row of training);
  const {remove, scores, flops} = await optin(model, training.params, {data: seen, cut: 0.3});
  expect(flops).toBeLessThanOrEqual(0.7);
  const small = await shrink(model, training.params, null, {remove});
  expect(ops.flops(small.model, [64]) / ops.flops(model, [64])).toBeCloseTo(flops, 6);
  // One unit fewer would not do.
  expect(flops).toBeGreaterThan(0.7 - 0.07);
  const worst = Object.fromEntries(
    Object.entries(remove).map(([path, units]) => {
      const own = scores[path] as Float32Array;
      return [
        path,
        [...own.keys()].sort((a, b) => (own[b] as number) - (own[a] as number)).slice(0, units.length)
      ];
    })
  );
  const other = await shrink(model, training.params, null, {remove: worst});
  const accuracyOf = async (each: typeof small) =>
    (await ops.evaluate(each.model, each.params, unseen)).accuracy;
  expect(await accuracyOf(small)).toBeGreaterThan((await accuracyOf(other)) + 0.1);
  await expect(optin(model, training.params, {data: seen, cut: 1})).rejects.toThrow(/cut/);
});
