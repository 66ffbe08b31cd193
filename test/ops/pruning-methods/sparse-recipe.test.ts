import {beforeAll, describe, expect, test} from "vitest";
import type {Optimizer, OptimizerState} from "../../../src/ops/core/optimizers/optimizer.ts";
import {ops} from "../../../src/ops/index.ts";
import type {ExtendedRow} from "../../../src/ops/pruning/methods/extended-training.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {sparseRecipe, pruningCycles, predictionEntropy, distillation, extendedTraining, recipeLengths} =
  ops.pruning;
const still = () => ops.sgd({learningRate: 0});

describe.each(NODE_BACKENDS)("recipes for sparse training on %s", (backend) => {
  beforeAll(() => use(backend));

  /** The sparsity of one layer after every step. */
  async function sparsities(optimizer: Optimizer, steps: number): Promise<number[]> {
    const seen: number[] = [];
    const params = {w: ops.random.normal(ops.key(1), [20, 10])};
    let now: {params: typeof params; state: OptimizerState} = {params, state: optimizer.init(params)};
    for (let step = 0; step < steps; ++step) {
      now = ops.stepOptimizer(optimizer, {w: tf.onesLike(params.w)}, now.state, now.params) as typeof now;
      seen.push(await ops.pruning.sparsityOf(now.params));
    }
    return seen;
  }

  /** The steps at which masks are chosen. */
  const changesOf = (optimizer: Optimizer, steps: number) =>
    Array.from({length: steps}, (_, step) => step).filter((maskStep) =>
      optimizer.isIrregular?.({maskStep} as never)
    );

  test(
    "AC/DC of double length has twice the warmup and the end, and phases of the dense recipe's length",
    withoutLeak(async () => {
      const {steps, optimizer} = sparseRecipe({sparsity: 0.9, steps: 40, length: 2, inner: still});
      expect(steps).toBe(80);
      const seen = await sparsities(optimizer, steps);
      // Nothing learns: what went once stays zero. Phases take two steps, from step 8 to 68.
      expect(seen.map((sparsity) => sparsity > 0).indexOf(true)).toBe(8);
      expect(seen.at(-1)).toBeCloseTo(0.9, 6);
      expect(changesOf(optimizer, steps)).toEqual(Array.from({length: 31}, (_, i) => 8 + 2 * i));
    })
  );

  test(
    "gradual pruning keeps its span of the training, RigL its budget",
    withoutLeak(async () => {
      const recipe = {sparsity: 0.9, steps: 40, inner: still};
      for (const length of [1, 3]) {
        const gradual = sparseRecipe({...recipe, length, method: "gradual"});
        const changes = changesOf(gradual.optimizer, gradual.steps);
        expect([changes[0], changes.at(-1)]).toEqual([4 * length, 34 * length]);
        const seen = await sparsities(gradual.optimizer, gradual.steps);
        expect(seen[34 * length]).toBeCloseTo(0.9, 6);
        const rigl = sparseRecipe({...recipe, length, method: "rigl"});
        for (const sparsity of await sparsities(rigl.optimizer, rigl.steps))
          expect(sparsity).toBeGreaterThanOrEqual(0.9 - 1e-6);
      }
    })
  );

  test(
    "entropy is that of float64, 0 of sure predictions and the logarithm of the classes of none",
    withoutLeak(async () => {
      const logits = [
        [1, -2, 0.5],
        [3, 3, -1]
      ];
      const entropy = (row: number[]) => {
        const sum = row.reduce((total, x) => total + Math.exp(x), 0);
        return -row.reduce((total, x) => total + (Math.exp(x) / sum) * Math.log(Math.exp(x) / sum), 0);
      };
      const wanted = logits.reduce((sum, row) => sum + entropy(row) / 2, 0);
      const of = async (rows: number[][]) => (await predictionEntropy(tf.tensor2d(rows)).data())[0];
      expect(await of(logits)).toBeCloseTo(wanted, 5);
      expect(await of([[0, 0, 0, 0]])).toBeCloseTo(Math.log(4), 5);
      expect(await of([[500, 0, -500]])).toBe(0);
    })
  );

  test(
    "distillation mixes the labels' and the teacher's loss, and judges plain labels by themselves",
    withoutLeak(async () => {
      const data = {
        ...{name: "two rows", inputs: Float32Array.of(1, 2, 3, 4), inputShape: [2]},
        ...{labels: Int32Array.of(2, 0), classes: 3}
      };
      const model = ops.dense({units: 3});
      const params = {
        kernel: tf.tensor2d([
          [1, 0, -1],
          [0.5, -0.5, 0]
        ]),
        bias: tf.tensor1d([0, 0.25, 0])
      };
      const {data: taught, loss} = await distillation(data, {model, params, hardness: 0.75, temperature: 2});
      const teacher = [
        [2, -0.75, -1],
        [5, -1.75, -3]
      ];
      expect(Array.from(taught.targets as Float32Array)).toEqual([
        ...[0, 0, 1, ...(teacher[0] as number[])],
        ...[1, 0, 0, ...(teacher[1] as number[])]
      ]);
      const student = [
        [0.5, 1, -1],
        [0, 2, 1]
      ];
      const softmax = (row: number[], by = 1) => {
        const all = row.map((x) => Math.exp(x / by));
        return all.map((x) => x / all.reduce((sum, each) => sum + each, 0));
      };
      const labelLoss = student.map((row, i) => -Math.log(softmax(row)[data.labels[i] as number] as number));
      const softLoss = student.map((row, i) => {
        const [own, wanted] = [softmax(row, 2), softmax(teacher[i] as number[], 2)];
        return wanted.reduce((sum, p, c) => sum + p * Math.log(p / (own[c] as number)), 0);
      });
      const mean = ([a, b]: number[]) => ((a as number) + (b as number)) / 2;
      const outputs = tf.tensor2d(student);
      const given = loss(outputs, tf.tensor2d(taught.targets as Float32Array, [2, 6]));
      expect((await given.data())[0]).toBeCloseTo(0.25 * mean(labelLoss) + 0.75 * 4 * mean(softLoss), 5);
      const plain = loss(outputs, tf.tensor1d([2, 0], "int32"));
      expect((await plain.data())[0]).toBeCloseTo(mean(labelLoss), 5);
    })
  );
});

test("cycles fall from the peak after every pruning, the last to the end", () => {
  const rate = pruningCycles({peak: 1, low: 0.2, steps: 20, start: 4, end: 12, every: 4});
  const line = (share: number) => 1 - 0.8 * share;
  for (const [step, wanted] of [
    [0, 1],
    [3, line(0.75)],
    [4, 1],
    [6, line(0.5)],
    [12, 1],
    [16, line(0.5)],
    [20, 0.2]
  ] as const)
    expect(rate(step)).toBeCloseTo(wanted, 12);
});

test("a recipe's rate rises for a twentieth and falls to nothing at its end", () => {
  const {learningRate} = sparseRecipe({sparsity: 0.5, steps: 100, length: 4, peak: 0.1});
  expect(learningRate(20)).toBeCloseTo(0.1, 12);
  expect(learningRate(10)).toBeCloseTo(0.05, 12);
  expect(learningRate(210)).toBeCloseTo(0.05, 12);
  expect(learningRate(400)).toBeCloseTo(0, 12);
});

test("a row for every training on digits, dense ones first, with figures without smoothing", async () => {
  await use("wasm");
  datasetsFromDisk();
  const {train, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.25, seed: 1});
  const rows: ExtendedRow[] = [];
  const options = {sparsities: [0.95], lengths: [1, 3], steps: 60, peak: 0.01, labelSmoothing: 0.1};
  await withoutLeak(async () => {
    for await (const row of extendedTraining(ops.mlp([64, 32, 10]), train, {...options, test: unseen}))
      rows.push(row);
  })();
  expect(rows.map(({sparsity, length, step}) => [sparsity, length, step])).toEqual([
    [0, 1, 1],
    [0, 3, 2],
    [0.95, 1, 3],
    [0.95, 3, 4]
  ]);
  const [dense, , short, long] = rows as [ExtendedRow, ExtendedRow, ExtendedRow, ExtendedRow];
  expect(short.loss).toBeGreaterThan(dense.loss);
  expect(short.entropy).toBeGreaterThan(dense.entropy);
  expect(long.loss).toBeLessThan(short.loss);
  expect(long.testAccuracy).toBeGreaterThan(0.3);
  expect(recipeLengths(rows)[1]).toMatchObject({sparsity: 0.95, lossRatio: short.loss / dense.loss});
});

test("lengths are read from means over seeds", () => {
  const row = (sparsity: number, length: number, loss: number, entropy: number, testAccuracy: number) => ({
    ...{step: 1, progress: 1, sparsity, length, loss, entropy, accuracy: 1, testLoss: 1, testAccuracy}
  });
  const rows = [
    ...[row(0, 1, 0.1, 0.2, 0.9), row(0, 2, 0.05, 0.1, 0.88), row(0, 4, 0.01, 0.1, 0.9)],
    // Loss is low enough at 2, entropy at 4; of two seeds.
    ...[row(0.9, 1, 0.3, 0.5, 0.8), row(0.9, 1, 0.5, 0.7, 0.7), row(0.9, 2, 0.1, 0.3, 0.9)],
    ...[row(0.9, 2, 0.1, 0.3, 0.8), row(0.9, 4, 0.05, 0.2, 0.87), row(0.9, 4, 0.05, 0.2, 0.85)],
    ...[row(0.99, 1, 1, 1, 0.5), row(0.99, 2, 0.9, 0.9, 0.6), row(0.99, 4, 0.8, 0.8, 0.7)]
  ];
  const found = recipeLengths(rows);
  expect(found.map(({sparsity, best, trainedOut}) => [sparsity, best, trainedOut])).toEqual([
    [0, 1, 1],
    [0.9, 4, 4],
    [0.99, 4, undefined]
  ]);
  expect(found[1]?.lossRatio).toBeCloseTo(4, 12);
  expect(found[2]?.entropyRatio).toBeCloseTo(5, 12);
  expect(() => recipeLengths(rows.slice(3))).toThrow(/dense network's row/);
});

test("wrong calls say what to pass", async () => {
  await use("cpu");
  const recipe = {sparsity: 0.5, steps: 100};
  expect(() => sparseRecipe({...recipe, sparsity: 1})).toThrow(/share of weights/);
  expect(() => sparseRecipe({...recipe, steps: 10})).toThrow(/steps/);
  expect(() => sparseRecipe({...recipe, length: 0.5})).toThrow(/length/);
  expect(() => sparseRecipe({...recipe, method: "snfs" as never})).toThrow(/"acdc", "gradual" or "rigl"/);
  const cycles = {peak: 1, steps: 20, start: 4, end: 12, every: 4};
  expect(() => pruningCycles({...cycles, every: 3})).toThrow(/whole number of times/);
  expect(() => pruningCycles({...cycles, steps: 12})).toThrow(/steps/);
  const data = ops.datasets.twoMoons({n: 20});
  const model = ops.mlp([2, 4, 2]);
  const params = model.init(ops.key(0));
  await expect(distillation({...data, classes: 0}, {model, params})).rejects.toThrow(/a class a row/);
  await expect(distillation(data, {model, params, hardness: 2})).rejects.toThrow(/hardness/);
  await expect(distillation(data, {model, params, temperature: 0})).rejects.toThrow(/temperature/);
  const run = (options: object) =>
    extendedTraining(model, data, {sparsities: [0.5], steps: 20, test: data, ...options} as never).next();
  await expect(run({sparsities: [1.2]})).rejects.toThrow(/sparsities is the share/);
  await expect(run({lengths: [0]})).rejects.toThrow(/lengths/);
});
