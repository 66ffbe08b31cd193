import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Optimizer} from "../../src/ops/core/optimizers/optimizer.ts";
import {ops} from "../../src/ops/index.ts";
import type {SparseState} from "../../src/ops/pruning/updaters/sparse-state.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use} from "./support.ts";

const {pruning} = ops;

const values = async (leaf: Tensor) => Array.from(await leaf.data());

/** Sparse training by `fit`: saved and resumed, and in recorded steps. */
export function sparseTrainingCases(backend: BackendName): void {
  describe(`sparse training on ${backend}`, () => {
    beforeAll(() => use(backend));

    test("a sparse training that is saved goes on with the same bits", async () => {
      const data = ops.datasets.twoMoons({n: 64});
      const model = ops.mlp([2, 12, 2]);
      const optimizer = () =>
        pruning.rigl(ops.adam({learningRate: 0.02}), {sparsity: 0.7, end: 30, every: 4});
      const run = async (options: object) => {
        const training = ops.fit(model, data, {optimizer: optimizer(), batchSize: 16, ...options});
        for await (const _row of training);
        const saved = await training.save();
        const weights = await Promise.all(ops.tree.leaves<Tensor>(training.params).map(values));
        const statistics = pruning.statisticsRow(
          await pruning.layerStatistics(training.state.optimizerState)
        );
        training.dispose();
        return {saved, weights, statistics};
      };
      const whole = await run({steps: 14});
      const half = await run({steps: 7});
      const rest = await run({steps: 14, resume: half.saved});
      expect(rest.weights).toEqual(whole.weights);
      expect(rest.statistics).toEqual(whole.statistics);
      expect(whole.statistics.itop).toBeGreaterThan(1 - (whole.statistics.sparsity as number));
    });

    const sparsity = 0.6;
    const wrapped: Record<string, (optimizer: Optimizer) => Optimizer> = {
      snfs: (optimizer) => pruning.snfs(optimizer, {sparsity, end: 30, every: 4}),
      acdc: (optimizer) => pruning.acdc(optimizer, {sparsity, phase: 4, end: 12}),
      gradual: (optimizer) =>
        pruning.gradual(optimizer, {
          sparsity,
          schedule: pruning.schedules.polynomial({start: 2, end: 10, every: 4})
        }),
      straightThrough: (optimizer) => pruning.straightThrough(optimizer, {sparsity}),
      // Steps are recorded while the network is still dense: the plan must not go on with the number of weights of then.
      "straightThrough once, late": (optimizer) =>
        pruning.straightThrough(optimizer, {sparsity, schedule: pruning.schedules.oneShot({step: 7})}),
      "straightThrough bit by bit, late": (optimizer) =>
        pruning.straightThrough(optimizer, {
          sparsity,
          schedule: pruning.schedules.polynomial({start: 6, end: 10, every: 2})
        }),
      "straightThrough once, late, by layer": (optimizer) =>
        pruning.straightThrough(optimizer, {
          sparsity,
          distribution: pruning.distributions.uniform,
          schedule: pruning.schedules.oneShot({step: 7})
        }),
      supermask: (optimizer) => pruning.supermask(optimizer, {sparsity})
    };
    test.each(Object.entries(wrapped))(
      "%s trains alike in recorded and in ordinary steps",
      async (_name, wrap) => {
        const seen: unknown[] = [];
        for (const plan of [true, false]) {
          const optimizer = wrap(ops.adam({learningRate: 0.02}));
          const data = ops.datasets.twoMoons({n: 64});
          const training = ops.fit(ops.mlp([2, 12, 2]), data, {optimizer, plan, batchSize: 16, steps: 13});
          for await (const _row of training);
          const {params, optimizerState} = training.state;
          const parts = [
            params,
            (optimizerState as SparseState).masks,
            (optimizerState as SparseState).explored
          ];
          seen.push(await Promise.all(ops.tree.leaves<Tensor>(parts).map(values)));
          if (plan && backend === "webgpu") expect(training.plan).toMatchObject({status: "recorded"});
          training.dispose();
        }
        expect(seen[0]).toEqual(seen[1]);
      }
    );
  });
}
