import {beforeAll, describe, expect, test} from "vitest";
import type {FitOptions} from "../../src/ops/core/fit-options.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";

const {pruning} = ops;
const plain = () => ops.mlp([2, 12, 2]) as Layer;
const masksOf = () => ({
  dense1: {
    kernel: ops.tf.tensor2d(
      Array.from({length: 24}, (_, i) => i % 2),
      [2, 12]
    ),
    bias: null
  },
  dense2: {kernel: null, bias: null}
});
const sgd = () => ops.sgd({learningRate: 0.1});

/** The methods that compute weights or move them: what is trained, and by what. */
const methods: Record<string, () => {model: Layer; optimizer?: FitOptions["optimizer"]}> = {
  gumbelSubnetwork: () => ({model: pruning.gumbelSubnetwork(plain(), {steps: 10}) as Layer}),
  annealedSubnetwork: () => ({
    model: pruning.annealedSubnetwork(plain(), {masks: masksOf(), steps: 8}) as Layer
  }),
  pdp: () => ({model: pruning.pdp(plain(), {sparsity: 0.6, end: 8}) as Layer}),
  "pdp of groups": () => ({model: pruning.pdp(plain(), {nByM: [1, 2]}) as Layer}),
  weightRecycling: () => ({
    model: plain(),
    optimizer: pruning.weightRecycling(ops.adam({learningRate: 0.02}), {sparsity: 0.5, every: 4})
  }),
  groupEnvelope: () => ({
    model: plain(),
    optimizer: pruning.groupEnvelope(sgd(), {sparsity: 0.5, strength: 0.01})
  }),
  groupLasso: () => ({
    model: plain(),
    optimizer: ops.chain(pruning.groupLasso({strengths: {filters: 0.01, channels: 0.01}}), sgd())
  }),
  kSparse: () => ({
    model: ops.sequential([
      ops.dense({units: 12}),
      pruning.kSparse({k: 3, steps: 8}),
      ops.dense({units: 2})
    ]) as Layer
  })
};

describe("methods of pruning on webgpu", () => {
  beforeAll(() => use("webgpu"));

  test.each(Object.entries(methods))(
    "%s trains alike in recorded and in ordinary steps",
    async (_name, make) => {
      const seen: unknown[] = [];
      for (const plan of [true, false]) {
        const {model, optimizer} = make();
        const data = ops.datasets.twoMoons({n: 64});
        const training = ops.fit(model, data, {optimizer, plan, batchSize: 16, steps: 13});
        for await (const _row of training);
        if (plan) expect(training.plan).toMatchObject({status: "recorded"});
        seen.push(
          await Promise.all(
            ops.tree.leaves<Tensor>(training.params).map(async (leaf) => Array.from(await leaf.data()))
          )
        );
        training.dispose();
      }
      expect(seen[0]).toEqual(seen[1]);
    }
  );
});
