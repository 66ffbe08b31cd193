import {beforeAll, describe, expect, test} from "vitest";
import {inverseNormal} from "../../../src/ops/core/quantile.ts";
import {ops} from "../../../src/ops/index.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {digitsSplit, trainOnDigits, valuesOf} from "./gating-support.ts";

const {pruning} = ops;
const squares = (values: readonly number[]) => values.reduce((sum, w) => sum + w * w, 0);

describe("mean field", () => {
  test("edges of chaos that are known", () => {
    expect(pruning.edgeOfChaos({activation: "relu"})).toBe(Math.SQRT2);
    expect(pruning.edgeOfChaos({activation: "tanh"})).toBe(1);
    // On the edge, sigmaW^2 = 1 / E[f'^2] and sigmaB^2 = q - E[f^2] / E[f'^2] for every variance q (Hayou et al. 2019).
    for (const q of [0.1, 0.5, 2]) {
      const mean = (f: (z: number) => number) => {
        let sum = 0;
        for (let i = 0.5; i < 4000; ++i) sum += f(inverseNormal(i / 4000));
        return sum / 4000;
      };
      const slope = mean((z) => (1 - Math.tanh(Math.sqrt(q) * z) ** 2) ** 2);
      const square = mean((z) => Math.tanh(Math.sqrt(q) * z) ** 2);
      const sigmaB = Math.sqrt(q - square / slope);
      expect(pruning.edgeOfChaos({activation: "tanh", sigmaB})).toBeCloseTo(1 / Math.sqrt(slope), 2);
      expect(
        pruning.meanField({activation: "tanh", sigmaW: 1 / Math.sqrt(slope), sigmaB}).variance
      ).toBeCloseTo(q, 1);
    }
  });

  test("the slope against closed forms", () => {
    expect(pruning.meanField({activation: "relu", sigmaW: 1.2}).slope).toBeCloseTo(0.72, 2);
    expect(pruning.meanField({activation: "linear", sigmaW: 0.9, sigmaB: 0.5}).slope).toBeCloseTo(0.81, 8);
    expect(pruning.meanField({activation: "linear", sigmaW: 0.9, sigmaB: 0.5}).variance).toBeCloseTo(
      0.25 / 0.19,
      8
    );
    expect(pruning.meanField({activation: "tanh", sigmaW: 0.7}).slope).toBeCloseTo(0.49, 6);
    expect(pruning.meanField({activation: "tanh", sigmaW: 2}).slope).toBeGreaterThan(1);
  });

  test("wrong calls say what to pass", () => {
    expect(() => pruning.meanField({activation: "sine" as never, sigmaW: 1})).toThrow(/known for tanh, relu/);
    expect(() => pruning.edgeOfChaos({activation: "relu", sigmaB: 0.1})).toThrow(/leave out sigmaB/);
  });
});

for (const backend of NODE_BACKENDS) {
  describe(`rescaling on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "survivors of each kernel have the sum of squares of all, pruned weights stay zero",
      withoutLeak(async () => {
        const params = ops.mlp([20, 30, 5]).init(ops.key(1));
        const masks = await pruning.prune(params, {sparsity: 0.8});
        const ready = pruning.rescaleSurvivors(params, masks);
        for (const name of ["dense1", "dense2"]) {
          const kernelOf = (tree: unknown) => (tree as Record<string, {kernel: Tensor}>)[name]?.kernel;
          const [before, after, mask] = await Promise.all(
            [params, ready, masks].map((t) => valuesOf(kernelOf(t)))
          );
          expect(squares(after as number[]) / squares(before as number[])).toBeCloseTo(1, 4);
          const factors = (after as number[]).flatMap((w, i) =>
            mask?.[i] ? [w / (before?.[i] as number)] : []
          );
          expect(Math.max(...factors)).toBeCloseTo(Math.min(...factors), 4);
          expect((after as number[]).every((w, i) => (w !== 0) === (mask?.[i] === 1))).toBe(true);
        }
      })
    );
  });
}

describe("pruning deep networks at initialisation", () => {
  beforeAll(() => use("wasm"));

  /** A tanh network of so many hidden layers of 32, and parameters drawn with these deviations. */
  function network(depth: number, {sigmaW, sigmaB = 0}: {sigmaW: number; sigmaB?: number}) {
    const model = ops.mlp([64, ...Array<number>(depth).fill(32), 10], {activation: "tanh"});
    const empty = model.init(ops.key(2));
    const params = ops.tree.map((leaf: Tensor, path) => {
      const deviation = leaf.rank > 1 ? sigmaW / Math.sqrt(leaf.shape[0] as number) : sigmaB;
      return ops.random.normal(
        ops.key(5).fold([...path].reduce((sum, c) => sum * 7 + c.charCodeAt(0), 0) % 1e6),
        leaf.shape,
        0,
        deviation
      );
    }, empty) as typeof empty;
    ops.tree.dispose(empty);
    return {model, params};
  }

  /** The share of kernels that SNIP takes away whole, or almost. */
  async function emptied(sigmas: {sigmaW: number; sigmaB: number}): Promise<number> {
    const {train} = await digitsSplit();
    const {model, params} = network(30, sigmas);
    const {test: data} = ops.datasets.split(train, {test: 0.1});
    const masks = await pruning.prune(params, {sparsity: 0.9, score: pruning.scores.snip, model, data});
    const sparsities = Object.values(await pruning.sparsityByLayer(masks));
    pruning.disposeMasks(masks);
    ops.tree.dispose(params);
    return sparsities.filter((sparsity) => sparsity > 0.995).length / sparsities.length;
  }

  test("SNIP takes whole layers off the edge of chaos and none on it", async () => {
    const sigmaB = 0.3;
    const edge = await emptied({sigmaW: pruning.edgeOfChaos({activation: "tanh", sigmaB}), sigmaB});
    const ordered = await emptied({sigmaW: 0.6, sigmaB});
    expect(await emptied({sigmaW: 3, sigmaB})).toBeGreaterThan(0.3);
    expect(ordered).toBeGreaterThan(0.3);
    expect(edge).toBe(0);
  });

  test("rescaled survivors train where the others have vanished", async () => {
    const {model, params} = network(10, {sigmaW: 1});
    const train = (from: typeof params) =>
      trainOnDigits(
        model,
        {steps: 200, params: from, optimizer: pruning.masked(ops.sgd({learningRate: 0.2}), {mask: random})},
        async () => ({})
      );
    const random = await pruning.prune(params, {
      sparsity: 0.8,
      scope: "local",
      score: pruning.scores.random(ops.key(3))
    });
    const plain = pruning.applyMasks(params, random);
    const ready = pruning.rescaleSurvivors(params, random);
    expect((await train(ready)).accuracy).toBeGreaterThan((await train(plain)).accuracy + 0.2);
    for (const tree of [params, plain, ready]) ops.tree.dispose(tree);
    pruning.disposeMasks(random);
  });
});
