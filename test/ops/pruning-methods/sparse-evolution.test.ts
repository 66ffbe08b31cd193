import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import {NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {ones, stateAt, stepped, trainedOnDigits, values} from "./sparse-training-support.ts";

const {tf} = ops;
const {sparseEvolution} = ops.pruning;

describe.each(NODE_BACKENDS)("SET on %s", (backend) => {
  beforeAll(() => use(backend));

  test(
    "layers have epsilon (inputs + outputs) weights, small ones all",
    withoutLeak(async () => {
      const params = {a: tf.ones([30, 20]), b: tf.ones([3, 3, 4, 10]), c: tf.ones([4, 3])};
      const {masks} = sparseEvolution(ops.adam(), {epsilon: 2, every: 5}).init(params) as never as {
        masks: typeof params;
      };
      expect(ones(await values(masks.a))).toBe(100);
      expect(ones(await values(masks.b))).toBe(92);
      expect(ones(await values(masks.c))).toBe(12);
    })
  );

  test(
    "a share of each sign goes, the nearest to zero, and as many come elsewhere",
    withoutLeak(async () => {
      const weight = [5, 0.1, 0.2, 3, 4, 0, -0.5, -6, -7, -8, 0, 0, 0, 0, 0, 0];
      const mask = weight.map((w, i) => (w !== 0 || i === 5 ? 1 : 0));
      const params = {w: tf.tensor2d(weight, [4, 4])};
      const optimizer = sparseEvolution(ops.sgd({learningRate: 1}), {epsilon: 1, zeta: 0.4, every: 3});
      const state = stateAt(optimizer, params, {step: 3, mask: tf.tensor2d(mask, [4, 4])});
      const next = stepped(optimizer, tf.zeros([4, 4]), state, params);
      // Of five positive ones two go (0.1, 0.2), of four negative ones round(1.6) = 2 go (-0.5, -6); the active zero has no sign.
      const stay = [0, 3, 4, 8, 9];
      expect((await values(next.w)).map((w, i) => (w === 0 ? -1 : i)).filter((i) => i >= 0)).toEqual(stay);
      const after = await values(next.state.masks.w);
      expect(ones(after)).toBe(ones(mask));
      for (const i of stay) expect(after[i]).toBe(1);
    })
  );

  test(
    "layers without one sign keep their number, and `end` ends changes",
    withoutLeak(async () => {
      const params = {w: tf.fill([6, 6], 2)};
      const optimizer = sparseEvolution(ops.sgd({learningRate: 0.1}), {epsilon: 1, every: 2, end: 6});
      let state = stateAt(optimizer, params, {step: 0});
      const irregular: boolean[] = [];
      for (let step = 0; step < 8; ++step) {
        irregular.push(optimizer.isIrregular?.(state) === true);
        ({state} = stepped(optimizer, tf.ones([6, 6]), state, params));
        expect(ones(await values(state.masks.w))).toBe(12);
      }
      expect(irregular).toEqual([false, false, true, false, true, false, false, false]);
    })
  );
});

test("trains on digits", async () => {
  await use("wasm");
  const {accuracy, statistics} = await trainedOnDigits(
    sparseEvolution(ops.adam({learningRate: 0.01}), {epsilon: 4, every: 30})
  );
  expect(accuracy).toBeGreaterThan(0.8);
  expect(statistics.map(({active}) => active)).toEqual([4 * 112, 4 * 96, 4 * 58]);
  for (const {itop, active, size} of statistics) expect(itop).toBeGreaterThan(active / size);
});

test("wrong calls say what to pass", () => {
  expect(() => sparseEvolution(ops.adam(), {every: 0})).toThrow(/every/);
  expect(() => sparseEvolution(ops.adam(), {every: 5, zeta: 2})).toThrow(/zeta/);
});
