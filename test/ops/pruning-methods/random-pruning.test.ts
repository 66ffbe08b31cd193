import {beforeAll, describe, expect, test} from "vitest";
import type {TrainState} from "../../../src/ops/core/train-step.ts";
import {ops} from "../../../src/ops/index.ts";
import {disposeMasks, type Masks} from "../../../src/ops/pruning/masks.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {ones, trainedOnDigits, values} from "./sparse-training-support.ts";

const {tf, pruning} = ops;
const {randomPruning, randomSearch, randomSource, sourceWidth} = pruning;
const model = ops.mlp([64, 40, 30, 10]);

const perLayer = async (masks: Masks) =>
  Promise.all(ops.tree.entries<Tensor | null>(masks).flatMap(({leaf}) => (leaf ? [values(leaf)] : [])));

async function digits(rows = 200) {
  datasetsFromDisk();
  return ops.datasets.split(await ops.datasets.digits(), {test: 1 - rows / 1797, seed: 1}).train;
}

describe.each(NODE_BACKENDS)("random pruning on %s", (backend) => {
  beforeAll(() => use(backend));

  test("takes ratios, and nothing else, from SNIP or from given masks", async () => {
    const params = model.init(ops.key(1));
    const data = await digits();
    const snip = await pruning.prune(params, {sparsity: 0.9, score: pruning.scores.snip, model, data});
    const counts = (await perLayer(snip)).map(ones);
    const options = {sparsity: 0.9, model, data, key: ops.key(5)};
    const random = await randomPruning(params, {...options, ratios: "snip"});
    expect((await perLayer(random)).map(ones)).toEqual(counts);
    expect(await perLayer(random)).not.toEqual(await perLayer(snip));
    const copied = await randomPruning(params, {ratios: {masks: snip}, key: ops.key(5)});
    expect(await perLayer(copied)).toEqual(await perLayer(random));
    ops.tree.dispose(params);
    for (const masks of [snip, random, copied]) disposeMasks(masks);
  });

  test(
    "uniform, ER and ERK keep their totals, and keys differ",
    withoutLeak(async () => {
      const params = model.init(ops.key(1));
      const size = 64 * 40 + 40 * 30 + 300;
      for (const ratios of ["uniform", "er", "erk", pruning.distributions.uniform] as const) {
        const masks = await randomPruning(params, {sparsity: 0.83, ratios});
        const bits = (await perLayer(masks)).flat();
        expect(ones(bits)).toBe(Math.round(size * 0.17));
        const other = await randomPruning(params, {sparsity: 0.83, ratios, key: ops.key(9)});
        expect((await perLayer(other)).flat()).not.toEqual(bits);
      }
    })
  );

  test("a layer that the criterion empties keeps a weight", async () => {
    const params = {a: tf.ones([20, 10]), b: tf.ones([5, 4])};
    const masks = {a: tf.ones([20, 10]), b: tf.zeros([5, 4])};
    const found = await randomPruning(params, {ratios: {masks}});
    expect((await perLayer(found)).map(ones)).toEqual([200, 1]);
    ops.tree.dispose([params, masks]);
    disposeMasks(found);
  });

  test.each(["gradual", "supermask", "straightThrough"] as const)(
    "%s stays within its random source",
    (name) =>
      withoutLeak(async () => {
        const params = model.init(ops.key(1));
        const source = await randomSource(params, {sparsity: 0.6, key: ops.key(3)});
        const schedule = pruning.schedules.polynomial({start: 1, end: 5, every: 2});
        const optimizer = source.restrict(
          pruning[name](ops.adam({learningRate: 0.05}), {sparsity: 0.8, schedule})
        );
        const inside = (await perLayer(source.masks)).flat();
        let state: TrainState = ops.initTrainState(params, optimizer);
        const irregular: boolean[] = [];
        for (let step = 0; step < 6; ++step) {
          irregular.push(optimizer.isIrregular?.(state.optimizerState) === true);
          const grads = ops.tree.map(
            (leaf: Tensor) => ops.random.normal(ops.key(step + 9), leaf.shape),
            params
          );
          state = ops.applyGradients(state, grads, optimizer);
          const kernels = ops.tree.entries<Tensor>(state.params).filter(({leaf}) => leaf.rank > 1);
          const weights = (await Promise.all(kernels.map(({leaf}) => values(leaf)))).flat();
          weights.forEach((w, i) => {
            if (inside[i] === 0) expect(Math.abs(w)).toBe(0);
          });
        }
        expect(await pruning.sparsityOf(state.params)).toBeCloseTo(0.8, 2);
        expect(irregular.some(Boolean)).toBe(name !== "supermask");
      })()
  );

  test("random search keeps the candidate with the lowest loss, and its units are whole", async () => {
    const params = model.init(ops.key(1));
    const data = await digits(60);
    const found = await randomSearch(model, params, data, {sparsity: 0.75, candidates: 6, key: ops.key(2)});
    expect(found.losses.length).toBe(6);
    expect(found.losses[found.best]).toBe(Math.min(...found.losses));
    expect(new Set(found.losses).size).toBe(6);
    const masked = pruning.applyMasks(params, found.masks);
    const {loss} = await ops.evaluate(model, masked, data);
    expect(loss).toBeCloseTo(found.losses[found.best] as number, 5);
    const small = await pruning.shrink(model, params, found.masks);
    expect(
      Object.values(small.kept)
        .map(({length}) => length)
        .slice(0, 2)
    ).toEqual([10, 8]);
    const bias = (found.masks as {dense1: {bias: Tensor}}).dense1.bias;
    expect(ones(await values(bias))).toBe(10);
    ops.tree.dispose([params, masked, small.params]);
    disposeMasks(found.masks);
  });
});

test("random masks train on digits", async () => {
  await use("wasm");
  const masks = await randomPruning(ops.mlp([64, 48, 48, 10]).init(ops.key(1)), {sparsity: 0.8});
  const optimizer = pruning.staticSparse(ops.adam({learningRate: 0.01}), {sparsity: 0.8, masks});
  const {accuracy, sparsity} = await trainedOnDigits(optimizer);
  expect(accuracy).toBeGreaterThan(0.8);
  expect(sparsity).toBeCloseTo(0.8, 3);
});

test("how much wider a source has to be", () => {
  expect(sourceWidth(0)).toBe(1);
  expect(sourceWidth(0.2)).toBe(1);
  expect(sourceWidth(0.9)).toBeCloseTo(9.4912, 4);
});

test("wrong calls say what to pass", async () => {
  await use("cpu");
  const params = model.init(ops.key(1));
  const data = await digits(20);
  await expect(randomPruning(params, {sparsity: 0.5, ratios: "best" as never})).rejects.toThrow(
    /"uniform", "er"/
  );
  await expect(randomPruning(params, {sparsity: 0.5, ratios: "snip"})).rejects.toThrow(/model: the network/);
  await expect(randomPruning(params, {})).rejects.toThrow(/sparsity/);
  await expect(randomSearch(model, params, data, {sparsity: 1})).rejects.toThrow(/sparsity/);
  const none = {sparsity: 0.5, prunable: () => false};
  await expect(randomSearch(model, params, data, none)).rejects.toThrow(/no hidden layer/);
});
