import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {HyperSparseRow} from "../../../src/ops/pruning/methods/hyper-sparse.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {hyperSparse, hyperSparseGradient, addHyperSparse, sparsityOf} = ops.pruning;

for (const backend of NODE_BACKENDS) {
  describe(`HyperSparse on ${backend}`, () => {
    beforeAll(async () => {
      await use(backend);
      datasetsFromDisk();
    });

    test(
      "the gradient is that of the penalty, by differences in float64",
      withoutLeak(async () => {
        const weights = [0.5, -0.1, 0.02, -0.9, 0.3, 0.05, -0.2, 0.7];
        const params = {
          a: tf.tensor2d(weights.slice(0, 6), [2, 3]),
          b: tf.tensor2d(weights.slice(6), [2, 1])
        };
        // Half of eight stay: the smallest of them is 0.3.
        const s = 0.6585 / 0.3;
        const bend = (all: number[]) => all.reduce((sum, w) => sum + Math.tanh(s * Math.abs(w)), 0);
        const held = bend(weights);
        const penalty = (all: number[]) => {
          const sum = all.reduce((total, w) => total + Math.abs(w), 0);
          return (sum * bend(all)) / held - sum;
        };
        const at = (i: number, by: number) => penalty(weights.map((w, j) => (i === j ? w + by : w)));
        const expected = weights.map((_w, i) => (at(i, 1e-6) - at(i, -1e-6)) / 2e-6);
        const found = hyperSparseGradient(params, {sparsity: 0.5});
        await expectClose(found.a, expected.slice(0, 6), {rtol: 1e-3});
        await expectClose(found.b, expected.slice(6), {rtol: 1e-3});
        const withBias = hyperSparseGradient({...params, bias: tf.ones([3])}, {sparsity: 0.5});
        await expectClose(withBias.bias, [0, 0, 0]);
        const link = addHyperSparse({sparsity: 0.5, strength: 2});
        const {updates} = link.update({a: tf.ones([2, 3]), b: tf.zeros([2, 1])}, [], params);
        await expectClose(
          (updates as typeof params).a,
          expected.slice(0, 6).map((g) => 1 + 2 * g),
          {rtol: 1e-3}
        );
      })
    );

    test("the penalty makes weights few, the masks are exact, and what is under them still tells digits", async () => {
      const {train, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
      const before = tf.memory().numTensors;
      const rows: HyperSparseRow[] = [];
      let kept: [number, number] = [0, 0];
      const run = hyperSparse(ops.mlp([64, 32, 10]), train, {
        ...{sparsity: 0.9, warmup: 2, strength: 2e-4, growth: 1.6, most: 12, fineTune: 3, batchSize: 64},
        ...{optimizer: ops.adam({learningRate: 0.01}), test: unseen, evaluateEvery: 1000},
        onEnd: async ({params, masks}) => {
          kept = [await sparsityOf(params), await sparsityOf(masks)];
        }
      });
      for await (const row of run) rows.push(row);
      expect(tf.memory().numTensors).toBe(before);
      expect(kept).toEqual([1 - 237 / 2368, 1 - 237 / 2368]);
      const steps = rows.map(({step}) => step);
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
      expect([...new Set(rows.map(({phase}) => phase))]).toEqual([0, 1, 2]);
      const pruned = rows.flatMap(({prunedAccuracy}) =>
        prunedAccuracy === undefined ? [] : [prunedAccuracy]
      );
      expect(pruned.length).toBeGreaterThan(1);
      expect(Math.max(...pruned)).toBeGreaterThan(pruned[0] as number);
      expect(rows.at(-1)?.testAccuracy).toBeGreaterThan(0.85);
    });
  });
}

test("wrong calls say what to pass", async () => {
  await use("cpu");
  expect(() => addHyperSparse({sparsity: 1, strength: 1})).toThrow("sparsity");
  expect(() => addHyperSparse({sparsity: 0.5, strength: -1})).toThrow("strength");
  const run = hyperSparse(ops.mlp([2, 4, 2]), ops.datasets.twoMoons({n: 40}), {sparsity: 0.5, growth: 0.5});
  await expect(run.next()).rejects.toThrow("growth");
});
