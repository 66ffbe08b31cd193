import {beforeAll, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {datasetsFromDisk} from "../digits-source.ts";
import {expectClose, use, withoutLeak} from "../support.ts";

const {tf} = ops;
const {dare, darex, stayNear} = ops.pruning;

beforeAll(() => use("wasm"));

test(
  "differences go or are multiplied, their mean stays",
  withoutLeak(async () => {
    const base = {w: ops.random.normal(ops.key(0), [100, 100])};
    const tuned = {w: tf.add(base.w, 0.5)};
    const options = {base, rate: 0.9, key: ops.key(1)};
    const deltas = await tf.sub(dare(tuned, options).w, base.w).data();
    const kept = deltas.filter((delta) => delta !== 0);
    for (const delta of kept) expect(delta).toBeCloseTo(5, 4);
    // 1,000 of 10,000, with a standard deviation of 30.
    expect(Math.abs(kept.length - 1000)).toBeLessThan(150);
    const halved = await tf.sub(dare(tuned, {...options, factor: 2}).w, base.w).data();
    expect(Math.max(...halved)).toBeCloseTo(1, 4);
    expect(halved.map((delta) => Number(delta !== 0))).toEqual(deltas.map((delta) => Number(delta !== 0)));
    expect(await dare(tuned, {...options, rate: 0}).w.data()).toEqual(
      await tf.add(base.w, tf.sub(tuned.w, base.w)).data()
    );
  })
);

test("DAREx rescues what DARE loses where nearly all is dropped", async () => {
  datasetsFromDisk();
  const {train: seen, test: unseen} = ops.datasets.split(await ops.datasets.digits(), {test: 0.3, seed: 1});
  const model = ops.mlp([64, 64, 10]);
  const base = model.init(ops.key(3));
  const training = ops.fit(model, seen, {params: base, steps: 200});
  for await (const _row of training);
  const options = {base, rate: 0.97, key: ops.key(1), model, data: seen};
  const plain = await ops.evaluate(model, dare(training.params, options), unseen);
  for (const by of ["loss", "output"] as const) {
    for (const perLayer of [false, true]) {
      const found = await darex(training.params, {...options, by, perLayer});
      expect(found.value).toBeLessThan(found.plain);
      const {loss} = await ops.evaluate(model, found.params, unseen);
      expect(loss, `${by} ${perLayer}`).toBeLessThan(plain.loss);
      const different = new Set(Object.values(found.factors)).size;
      expect(different).toBe(perLayer ? different : 1);
      if (by === "loss")
        expect((await ops.evaluate(model, found.params, seen)).loss).toBeCloseTo(found.value, 4);
    }
  }
});

test(
  "each step takes a share of the difference to the base away",
  withoutLeak(async () => {
    const base = {w: tf.tensor1d([1, 1])};
    const params = {w: tf.tensor1d([3, 0])};
    const grads = {w: tf.tensor1d([1, 2])};
    const optimizer = stayNear(ops.sgd({learningRate: 0.5}), {base, pull: 0.1});
    const {updates} = optimizer.update(grads, optimizer.init(params), params) as unknown as {
      updates: {w: Tensor};
    };
    await expectClose(updates.w, [-0.5 - 0.2, -1 + 0.1]);
    const {params: next} = ops.stepOptimizer(optimizer, grads, optimizer.init(params), params);
    await expectClose(next.w, [2.3, -0.9]);
  })
);

test(
  "wrong calls say what to pass",
  withoutLeak(async () => {
    const base = {w: tf.ones([2, 2])};
    const key = ops.key(0);
    expect(() => dare(base, {base, rate: 1, key})).toThrow(/rate/);
    expect(() => dare(base, {base, rate: 0.5, key, factor: {v: 1}})).toThrow('factor has no number for "w"');
    const data = ops.datasets.twoMoons({n: 10});
    const wrong = {base, rate: 0.5, key, model: ops.mlp([2, 2]), data, by: "accuracy" as "loss"};
    await expect(darex(base, wrong)).rejects.toThrow('by must be "loss" or "output"');
    expect(() => stayNear(ops.sgd({learningRate: 1}), {base, pull: 2})).toThrow(/pull/);
  })
);
