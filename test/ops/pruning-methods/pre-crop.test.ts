import {beforeAll, describe, expect, test} from "vitest";
import type {Params} from "../../../src/ops/core/tree.ts";
import {ops} from "../../../src/ops/index.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {digitsSplit, trainOnDigits} from "./gating-support.ts";

const {pruning} = ops;

for (const backend of NODE_BACKENDS) {
  describe(`PreCrop on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "width ratios multiply to the densities where these can be met",
      withoutLeak(async () => {
        const model = ops.mlp([50, 100, 80, 10]);
        const densities = {"dense1/kernel": 0.5, "dense2/kernel": 0.2, "dense3/kernel": 0.4};
        const {model: narrow, widths} = await pruning.preCrop(model, {densities, key: ops.key(0)});
        expect(widths).toEqual({dense1: 50, dense2: 32, dense3: 10});
        const params = narrow.init(ops.key(1), [50]);
        expect(ops.tree.entries(params).map(({leaf}) => (leaf as {shape: number[]}).shape)).toEqual([
          [50, 50],
          [50],
          [50, 32],
          [32],
          [32, 10],
          [10]
        ]);
      })
    );

    test(
      "channels that a sum joins stay as many as each other, and the number of weights is about what was asked for",
      withoutLeak(async () => {
        const conv = (filters: number) => ops.conv2d({filters, kernelSize: 3, activation: "relu"});
        const model = ops.sequential([
          conv(24),
          ops.residual(ops.sequential([conv(24), conv(24)])),
          ops.globalAvgPool2d(),
          ops.dense({units: 10})
        ]);
        const inputShape = [8, 8, 1];
        const params = model.init(ops.key(0), inputShape);
        const score = pruning.scores.synflow;
        const masks = await pruning.pruneInRounds(params, {
          sparsity: 0.8,
          rounds: 10,
          score,
          model,
          inputShape
        });
        const sparsity = await pruning.sparsityByLayer(masks);
        const densities = Object.fromEntries(
          Object.entries(sparsity).map(([path, share]) => [path, 1 - share])
        );
        const {model: narrow, widths} = await pruning.preCrop(model, {
          densities,
          key: ops.key(0),
          inputShape
        });
        expect(widths.conv2d1).toBe(widths["residual1/body/conv2d2"]);
        const kernels = (tree: Params) =>
          ops.tree.leaves(tree).reduce((sum, leaf) => sum + (leaf.rank > 1 ? leaf.size : 0), 0);
        const left = narrow.init(ops.key(1), inputShape);
        expect(kernels(left) / kernels(params)).toBeGreaterThan(0.17);
        expect(kernels(left) / kernels(params)).toBeLessThan(0.23);
      })
    );
  });
}

describe("PreCrop on digits", () => {
  beforeAll(() => use("wasm"));

  test("a cropped network learns", async () => {
    const {train} = await digitsSplit();
    const model = ops.mlp([64, 100, 100, 10]);
    const params = model.init(ops.key(0));
    const {test: data} = ops.datasets.split(train, {test: 0.2});
    const masks = await pruning.prune(params, {sparsity: 0.8, score: pruning.scores.snip, model, data});
    const sparsity = await pruning.sparsityByLayer(masks);
    const densities = Object.fromEntries(Object.entries(sparsity).map(([path, share]) => [path, 1 - share]));
    const {model: narrow} = await pruning.preCrop(model, {densities, key: ops.key(0)});
    const {accuracy} = await trainOnDigits(narrow, {steps: 250}, async () => ({}));
    expect(accuracy).toBeGreaterThan(0.8);
    pruning.disposeMasks(masks);
    ops.tree.dispose(params);
  });

  test("wrong calls say what to pass", async () => {
    const crop = (densities: Record<string, number>) =>
      pruning.preCrop(ops.mlp([4, 8, 2]), {densities, key: ops.key(0)});
    await expect(crop({"dense9/kernel": 0.5})).rejects.toThrow(/There is no kernel "dense9\/kernel"/);
    await expect(crop({"dense1/kernel": 0})).rejects.toThrow(/above 0 to 1; got 0/);
    const convolution = ops.conv2d({filters: 2, kernelSize: 3});
    await expect(pruning.preCrop(convolution, {densities: {}, key: ops.key(0)})).rejects.toThrow(
      /inputShape/
    );
  });
});
