import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {trainedOnDigits, values} from "./sparse-training-support.ts";

const {tf} = ops;
const {gradualCubic, globalMagnitude, schedules, smallDense} = ops.pruning;
const sgd = () => ops.sgd({learningRate: 0});

describe.each(NODE_BACKENDS)("gradual magnitude pruning on %s", (backend) => {
  beforeAll(() => use(backend));

  const sparsities = async (
    optimizer: ReturnType<typeof sgd>,
    params: Record<string, typeof tf.Tensor.prototype>,
    steps: number
  ) => {
    let now: {params: typeof params; state: never} = {params, state: optimizer.init(params) as never};
    const seen: number[][] = [];
    for (let step = 0; step < steps; ++step) {
      now = ops.stepOptimizer(optimizer, ops.tree.zerosLike(params), now.state, now.params) as never;
      const zeros = await Promise.all(
        Object.values(now.params).map(async (leaf) => (await values(leaf)).filter((w) => w === 0).length)
      );
      seen.push(zeros);
    }
    return {seen, now};
  };

  test(
    "layers follow s + (initial - s) (1 - (t - t0) / (n dt))^3",
    withoutLeak(async () => {
      const params = {a: ops.random.normal(ops.key(1), [20, 10]), b: ops.random.normal(ops.key(2), [10, 10])};
      const optimizer = gradualCubic(sgd(), {sparsity: 0.9, initial: 0.1, start: 2, end: 8, every: 3});
      const {seen, now} = await sparsities(optimizer, params, 11);
      const at = (t: number) => 0.9 + (0.1 - 0.9) * (1 - (t - 2) / 6) ** 3;
      const zeros = [0, 0, at(2), at(2), at(2), at(5), at(5), at(5), at(8), at(8), at(8)];
      expect(seen).toEqual(zeros.map((share) => [Math.round(200 * share), Math.round(100 * share)]));
      // The smallest went.
      const [before, after] = [await values(params.b), await values(now.params.b)];
      const largest = [...before].sort((x, y) => Math.abs(y) - Math.abs(x)).slice(0, 10);
      expect(after.filter((w) => w !== 0).sort()).toEqual(largest.sort());
    })
  );

  test(
    "global pruning leaves exactly so many, with a minimum in every layer",
    withoutLeak(async () => {
      const a = ops.random.normal(ops.key(1), [20, 10]);
      const params = {a, b: tf.mul(0.001, ops.random.normal(ops.key(2), [10, 10])), c: tf.fill([2, 1], 1e-6)};
      const kept = 302 - 15;
      const free = await sparsities(globalMagnitude(sgd(), {sparsity: 0.95}), params, 2);
      expect(free.seen[1]).toEqual([200 - 15, 100, 2]);
      const held = await sparsities(globalMagnitude(sgd(), {sparsity: 0.95, minimum: 4}), params, 2);
      expect(held.seen[1]).toEqual([200 - 9, 96, 0]);
      expect((held.seen[1] as number[]).reduce((sum, each) => sum + each, 0)).toBe(kept);
      const all = await values(a);
      const largest = [...all].sort((x, y) => Math.abs(y) - Math.abs(x)).slice(0, 9);
      expect((await values(held.now.params.a)).filter((w) => w !== 0).sort()).toEqual(largest.sort());
      const same = await ops.pruning.prune({a}, {sparsity: 0.95});
      const alone = await sparsities(globalMagnitude(sgd(), {sparsity: 0.95}), {a}, 1);
      expect((await values((same as {a: typeof a}).a)).map((bit) => bit === 0)).toEqual(
        (await values(alone.now.params.a)).map((w) => w === 0)
      );
    })
  );
});

test("both train on digits", async () => {
  await use("wasm");
  const adam = () => ops.adam({learningRate: 0.01});
  const cubic = await trainedOnDigits(gradualCubic(adam(), {sparsity: 0.9, start: 30, end: 110, every: 20}));
  expect(cubic.accuracy).toBeGreaterThan(0.8);
  expect(cubic.sparsity).toBeCloseTo(0.9, 3);
  const schedule = schedules.exponential({start: 30, end: 110, every: 20});
  const global = await trainedOnDigits(globalMagnitude(adam(), {sparsity: 0.9, schedule, minimum: 30}));
  expect(global.accuracy).toBeGreaterThan(0.8);
  for (const {active} of global.statistics) expect(active).toBeGreaterThanOrEqual(30);
});

test("a small dense network has about as many weights", () => {
  const small = smallDense([64, 100, 100, 10], 0.9);
  const weights = small.slice(1).reduce((sum, width, i) => sum + width * (small[i] as number), 0);
  expect(small[0]).toBe(64);
  expect(small[3]).toBe(10);
  expect(weights).toBeLessThanOrEqual(1740);
  expect(weights).toBeGreaterThan(1740 - 2 * 100);
  expect(() => smallDense([64, 10], 0.5)).toThrow(/hidden layer/);
});

test("wrong calls say what to pass", () => {
  const cubic = {sparsity: 0.5, start: 0, end: 10};
  expect(() => gradualCubic(sgd(), {...cubic, every: 3})).toThrow(/whole number of times `every`/);
  expect(() => gradualCubic(sgd(), {...cubic, every: 5, initial: 1})).toThrow(/initial/);
  const greedy = globalMagnitude(sgd(), {sparsity: 0.9, minimum: 50});
  const params = {w: tf.ones([10, 10])};
  expect(() => greedy.update(params, greedy.init(params), params)).toThrow(/minimum of 50 keeps 50 weights/);
});
