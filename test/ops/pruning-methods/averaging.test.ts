import {beforeAll, describe, expect, test} from "vitest";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Masks} from "../../../src/ops/pruning/masks.ts";
import {meanParams, refreshedState} from "../../../src/ops/pruning/methods/average.ts";
import type {SoupRow} from "../../../src/ops/pruning/methods/soup.ts";
import type {SwampRow} from "../../../src/ops/pruning/methods/swamp.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {expectClose, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const moons = () => ops.datasets.split(ops.datasets.twoMoons({n: 200}), {test: 0.3, seed: 1});

async function numbersOf(tree: Params | Masks): Promise<number[]> {
  const all = await Promise.all(
    ops.tree.leaves<Tensor | null>(tree).flatMap((leaf) => (leaf ? [leaf.data()] : []))
  );
  return all.flatMap((values) => Array.from(values));
}

describe("averaged networks", () => {
  beforeAll(() => use("cpu"));

  test(
    "a mean of parameters, and statistics of layers for them",
    withoutLeak(async () => {
      const mean = meanParams([{w: tf.tensor1d([1, 2])}, {w: tf.tensor1d([3, 8])}, {w: tf.tensor1d([2, 2])}]);
      await expectClose(mean.w, [2, 4]);
      const model = ops.batchNorm({momentum: 1});
      const data = {
        ...{name: "four", inputs: Float32Array.of(1, 3, 5, 7), inputShape: [1]},
        ...{labels: new Int32Array(4), classes: 2}
      };
      const state = refreshedState(model, model.init(ops.key(0), [1]), data, {batchSize: 4, key: ops.key(1)});
      const {mean: running, variance} = state.batchNorm as {mean: Tensor; variance: Tensor};
      await expectClose(running, [4]);
      await expectClose(variance, [20 / 3]);
    })
  );

  test("a soup is the mean of its members, as sparse as they are, and goes on from phase to phase", async () => {
    const {train, test: unseen} = moons();
    const before = tf.memory().numTensors;
    const rows: SoupRow[] = [];
    const zeros: number[] = [];
    const run = ops.pruning.sparseSoup(ops.mlp([2, 24, 24, 2]), train, {
      ...{sparsities: [0.5, 0.8], members: 3, steps: 60, test: unseen},
      optimizer: ops.adam({learningRate: 0.01}),
      vary: (member) => ({optimizer: ops.adamw({learningRate: 0.01, weightDecay: 0.01 * member})}),
      onPhase: async ({params, masks}) => {
        const [kept] = [await numbersOf(masks)];
        zeros.push(kept.filter((bit) => bit === 0).length);
        expect(await ops.pruning.sparsityOf(params)).toBeCloseTo(1 - kept.filter(Boolean).length / 672, 10);
      }
    });
    for await (const row of run) rows.push(row);
    expect(tf.memory().numTensors).toBe(before);
    expect(zeros).toEqual([336, 538]);
    expect(rows.map(({phase, members}) => [phase, members.length])).toEqual([
      [1, 3],
      [2, 3]
    ]);
    expect(new Set(rows[0]?.members.map(({loss}) => loss)).size).toBe(3);
    expect(rows[1]?.soup.accuracy).toBeGreaterThan(0.75);
    const none = ops.pruning.sparseSoup(ops.mlp([2, 4, 2]), train, {sparsities: []});
    await expect(none.next()).rejects.toThrow("pass [0.7, 0.9]");
  });

  test("a soup of one member is what that member is", async () => {
    const {train, test: unseen} = moons();
    const run = ops.pruning.sparseSoup(ops.mlp([2, 8, 2]), train, {
      ...{sparsities: [0.5], members: 1, steps: 20, test: unseen}
    });
    for await (const {soup, members} of run) expect(members).toEqual([soup]);
  });

  test("swamp with one particle and no average is iterative magnitude pruning", async () => {
    const {train, test: unseen} = moons();
    const before = tf.memory().numTensors;
    const options = {sparsities: [0.5, 0.75], rewindStep: 10, steps: 40, test: unseen};
    const expected: number[][] = [];
    const found: number[][] = [];
    const keep = (into: number[][]) => async (round: {params: Params}) => {
      into.push(await numbersOf(round.params));
    };
    const model = ops.mlp([2, 16, 2]);
    for await (const _row of ops.pruning.iterativeMagnitudePruning(model, train, {
      ...options,
      onRound: keep(expected)
    }));
    for await (const _row of ops.pruning.swamp(model, train, {
      ...{...options, particles: 1, averageFrom: 1},
      onRound: keep(found)
    }));
    expect(found.length).toBe(3);
    for (const [round, values] of found.entries())
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[round]?.[i] as number, 5);
      });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("swamp averages particles of different data orders and prunes by the average", async () => {
    const {train, test: unseen} = moons();
    const rows: SwampRow[] = [];
    const kept: number[] = [];
    const run = ops.pruning.swamp(ops.mlp([2, 24, 24, 2]), train, {
      ...{particles: 2, rounds: 2, fraction: 0.5, steps: 60, test: unseen},
      optimizer: ops.adam({learningRate: 0.01}),
      onRound: async ({params}) => {
        kept.push(672 * (1 - (await ops.pruning.sparsityOf(params))));
      }
    });
    for await (const row of run) rows.push(row);
    expect(rows.map(({sparsity}) => sparsity)).toEqual([0, 0.5, 0.75]);
    expect(kept.slice(1).map(Math.round)).toEqual([336, 168]);
    for (const {particles, average} of rows) {
      expect(particles[0]?.loss).not.toBe(particles[1]?.loss);
      expect(average.accuracy).toBeGreaterThan(0.7);
    }
  });
});
