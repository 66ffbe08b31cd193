import {beforeAll, describe, expect, test} from "vitest";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import {swapped} from "../../../src/ops/pruning/methods/jackpot.ts";
import {findSparse} from "../../../src/ops/pruning/updaters/sparse-state.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {jackpot, partiallyFrozen, prune, applyMasks, sparsityOf, searchableWeights} = ops.pruning;

/** Float32 numbers of a tensor. */
const read = async (tensor: Tensor) => Array.from(await tensor.data());

for (const backend of NODE_BACKENDS) {
  describe(`searches for masks on ${backend}`, () => {
    beforeAll(async () => {
      await use(backend);
      datasetsFromDisk();
    });

    test(
      "the short restriction makes the most wanted share of the swaps",
      withoutLeak(async () => {
        const mask = tf.tensor1d([1, 1, 1, 0, 0, 0]);
        const scores = tf.tensor1d([0.1, 0.2, 0.9, 0.8, 0.7, 0]);
        await expectClose(swapped(mask, scores, 1), [0, 0, 1, 1, 1, 0]);
        await expectClose(swapped(mask, scores, 0.5), [0, 1, 1, 1, 0, 0]);
        await expectClose(swapped(mask, scores, 0.51), [0, 0, 1, 1, 1, 0]);
        await expectClose(swapped(mask, scores, 0), [1, 1, 1, 0, 0, 0]);
      })
    );

    test(
      "a jackpot begins with the largest weights, and its scores follow the gradient times the weight",
      withoutLeak(async () => {
        const params = {kernel: tf.tensor2d([3, -4, 1, 2], [2, 2]), bias: tf.tensor1d([5, 6])};
        const optimizer = jackpot(ops.sgd({learningRate: 0.01}), {sparsity: 0.5});
        const state = optimizer.init(params);
        const start = optimizer.start?.(params, state) as typeof params;
        expect(await read(start.kernel)).toEqual([3, -4, 0, 0]);
        const grads = {kernel: tf.tensor2d([1, 0, 0, -1], [2, 2]), bias: tf.tensor1d([9, 9])};
        const next = ops.stepOptimizer(optimizer, grads, state, start);
        const latent = findSparse(next.state)?.latent as Record<string, Tensor> | undefined;
        const scores = latent?.["score kernel"];
        // 1 - 0.01 * 3, 1, 0.99, 0.99 + 0.01 * 2.
        await expectClose(scores as Tensor, [0.97, 1, 0.99, 1.01]);
        expect(await read(next.params.kernel)).toEqual([0, -4, 0, 2]);
        expect(await read(next.params.bias)).toEqual([5, 6]);
      })
    );

    test("a jackpot leaves every weight what it was, and finds a better mask than it began with", async () => {
      const {train, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
      const model = ops.mlp([64, 32, 10]);
      const dense = ops.fit(model, train, {steps: 120, optimizer: ops.adam({learningRate: 0.01})});
      for await (const _row of dense);
      const masks = await prune(dense.params, {sparsity: 0.9});
      const pruned = applyMasks(dense.params, masks);
      const before = (await ops.evaluate(model, pruned, unseen)).accuracy;
      const optimizer = jackpot(ops.sgd({learningRate: 1, momentum: 0.9}), {sparsity: 0.9, restriction: 150});
      const search = ops.fit(model, train, {params: dense.params, steps: 150, optimizer});
      for await (const _row of search);
      expect(await sparsityOf(search.params)).toBeCloseTo(1 - 237 / 2368, 10);
      expect((await ops.evaluate(model, search.params, unseen)).accuracy).toBeGreaterThan(before);
      await expectSubset(search.params, dense.params);
      ops.tree.dispose([pruned, masks] as unknown as Params);
      search.dispose();
      dense.dispose();
    });

    test("a random start keeps as many weights of each layer as the largest would be", async () => {
      const params = ops.mlp([20, 10, 4]).init(ops.key(3));
      const counts = async (start: "magnitude" | "random") => {
        const optimizer = jackpot(ops.sgd({learningRate: 1}), {sparsity: 0.7, start});
        const state = optimizer.init(params);
        const found = Object.values(findSparse(state)?.masks ?? {}).map((mask) => mask.sum().arraySync());
        ops.tree.dispose(state);
        return found;
      };
      expect(await counts("random")).toEqual(await counts("magnitude"));
      ops.tree.dispose(params);
    });

    test("what is frozen stays pruned or locked, and the rest is searched", async () => {
      const {train} = ops.datasets.split(await ops.datasets.digits(), {test: 0.2, seed: 1});
      const model = ops.mlp([64, 128, 10]);
      const params = model.init(ops.key(0));
      const options = {sparsity: 0.5, pruned: 0.25, locked: 0.25};
      const optimizer = partiallyFrozen(ops.adam({learningRate: 0.05}), options);
      const losses: number[] = [];
      const ever = {there: new Set<number>(), always: new Set<number>(), gone: 0};
      const training = ops.fit(model, train, {
        ...{params, optimizer, steps: 120, logEvery: 1},
        onStep: ({params: now, step}) => {
          if (step % 10 !== 0) return;
          const kernel = Array.from((ops.tree.leaves<Tensor>(now)[0] as Tensor).dataSync());
          const there = kernel.flatMap((value, i) => (value === 0 ? [] : [i]));
          for (const i of there) ever.there.add(i);
          ever.always = new Set(there.filter((i) => step === 10 || ever.always.has(i)));
        }
      });
      for await (const {loss} of training) losses.push(loss);
      expect(await sparsityOf(training.params)).toBe(0.5);
      await expectSubset(training.params, params);
      const size = 64 * 128;
      expect(ever.there.size).toBeLessThanOrEqual(size * 0.75);
      expect(ever.always.size).toBeGreaterThanOrEqual(size * 0.25);
      expect(searchableWeights(params, options)).toBe((size + 1280) / 2);
      const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
      expect(mean(losses.slice(-10))).toBeLessThan(0.9 * mean(losses.slice(0, 10)));
      const unfrozen = partiallyFrozen(ops.adam(), {sparsity: 0.5});
      const state = unfrozen.init(params);
      expect(Object.values(findSparse(state)?.masks ?? {}).map((mask) => mask.sum().arraySync())).toEqual([
        4096, 640
      ]);
      ops.tree.dispose(state);
      training.dispose();
      ops.tree.dispose(params);
    });
  });
}

/** Every weight is what it was, or zero. */
async function expectSubset(params: Params, of: Params): Promise<void> {
  const all = ops.tree.leaves<Tensor>(of);
  for (const [i, leaf] of ops.tree.leaves<Tensor>(params).entries()) {
    const whole = await (all[i] as Tensor).data();
    const strange = (await leaf.data()).findIndex((value, j) => value !== 0 && value !== whole[j]);
    expect(strange).toBe(-1);
  }
}

test("wrong calls say what to pass", async () => {
  await use("cpu");
  expect(() => partiallyFrozen(ops.adam(), {sparsity: 0.5, pruned: 0.6})).toThrow("at most 0.5");
  expect(() => jackpot(ops.adam(), {sparsity: 1})).toThrow("sparsity");
  expect(() => jackpot(ops.adam(), {sparsity: 0.5, start: "best" as "random"})).toThrow('"magnitude"');
  expect(() => jackpot(ops.adam(), {sparsity: 0.5, restriction: 0})).toThrow("restriction");
  const uneven = partiallyFrozen(ops.adam(), {
    ...{sparsity: 0.9, pruned: 0.8, distribution: ops.pruning.distributions.erdosRenyiKernel()}
  });
  const params = ops.mlp([64, 32, 10]).init(ops.key(0));
  expect(() => uneven.init(params)).toThrow("freeze less");
  ops.tree.dispose(params);
});
