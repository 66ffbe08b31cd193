import {beforeAll, describe, expect, test} from "vitest";
import type {ActivationName} from "../../../src/ops/core/activations.ts";
import {ops} from "../../../src/ops/index.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;

for (const backend of NODE_BACKENDS) {
  describe(`scaled activations on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "outer f(inner x) and its gradients",
      withoutLeak(async () => {
        const layer = pruning.scaledActivation("tanh");
        const xs = [-2, -0.5, 0.3, 1.7];
        const [outer, inner] = [1.5, 0.7];
        const params = {outer: tf.scalar(outer), inner: tf.scalar(inner)};
        const x = tf.tensor2d(xs, [1, 4]);
        await expectClose(
          layer.apply(params, x),
          xs.map((v) => outer * Math.tanh(inner * v))
        );
        const grads = ops.grad((at: typeof params) => tf.sum(layer.apply(at, x)))(params);
        const sum = (f: (v: number) => number) => xs.reduce((total, v) => total + f(v), 0);
        await expectClose(grads.outer, [sum((v) => Math.tanh(inner * v))]);
        await expectClose(grads.inner, [sum((v) => outer * v * (1 - Math.tanh(inner * v) ** 2))]);
        const fresh = layer.init(ops.key(0), [4]);
        expect([await valuesOf(fresh.outer), await valuesOf(fresh.inner)]).toEqual([[1], [1]]);
      })
    );
  });
}

async function searched(options: Partial<Parameters<typeof pruning.searchActivations>[0]>) {
  const rows = [];
  const defaults = {layers: 3, iterations: 80, key: ops.key(1), cost: () => 0};
  for await (const row of pruning.searchActivations({...defaults, ...options})) rows.push(row);
  return rows;
}

describe("the search for activations", () => {
  const wrong = (choice: readonly ActivationName[]) => choice.filter((name) => name !== "tanh").length;

  test("finds the best, changes one layer at a time, and computes no cost twice", async () => {
    const asked: string[] = [];
    const cost = (choice: readonly ActivationName[]) => {
      asked.push(choice.join());
      return wrong(choice);
    };
    const rows = await searched({cost, iterations: 400});
    expect(rows.at(-1)).toMatchObject({best: ["tanh", "tanh", "tanh"], bestCost: 0});
    expect(new Set(asked).size).toBe(asked.length);
    let now = rows[0]?.choice as readonly ActivationName[];
    for (const {choice, isAccepted} of rows.slice(1)) {
      expect(choice.filter((name, i) => name !== now[i]).length).toBe(1);
      if (isAccepted) now = choice;
    }
  });

  test("accepts worse choices as long as they are no worse than some iterations ago", async () => {
    const climb = await searched({cost: wrong, memory: 1});
    const late = await searched({cost: wrong, memory: 30});
    const worsened = (rows: typeof late) => {
      let now = rows[0]?.cost as number;
      return rows.slice(1).filter(({cost, isAccepted}) => {
        const isWorse = isAccepted && cost > now;
        if (isAccepted) now = cost;
        return isWorse;
      }).length;
    };
    expect(worsened(climb)).toBe(0);
    expect(worsened(late)).toBeGreaterThan(0);
  });

  test("wrong calls say what to pass", async () => {
    await expect(searched({pool: ["relu"]})).rejects.toThrow(/two nonlinearities at least/);
    await expect(searched({first: ["relu"]})).rejects.toThrow(/each of 3 layers, got 1/);
    await expect(searched({pool: ["relu", "sine" as never]})).rejects.toThrow(
      /There is no activation "sine"/
    );
    await expect(searched({cost: () => NaN})).rejects.toThrow(/must be a number, got NaN/);
  });
});

describe("learned activations on digits", () => {
  beforeAll(() => use("wasm"));

  test("a pruned network is searched and trained with scales of its own", async () => {
    const build = (choice: readonly ActivationName[]) =>
      ops.sequential([
        ops.flatten(),
        ops.dense({units: 32}),
        pruning.scaledActivation(choice[0] as ActivationName),
        ops.dense({units: 10})
      ]);
    const params = build(["relu"]).init(ops.key(0), [64]);
    const masks = await pruning.prune(params, {sparsity: 0.9, scope: "local"});
    const trained = async (choice: readonly ActivationName[], steps: number) =>
      trainOnDigits(
        build(choice),
        {
          steps,
          params: params as never,
          optimizer: pruning.masked(ops.adam({learningRate: 0.02}), {mask: masks})
        },
        async (state) => ({
          inner: (await valuesOf((state.params.scaledActivation1 as {inner: never}).inner))[0],
          sparsity: (await pruning.sparsityByLayer(state.params))["dense1/kernel"]
        })
      );
    const cost = async (choice: readonly ActivationName[]) => 1 - (await trained(choice, 60)).accuracy;
    const rows = await searched({layers: 1, iterations: 3, cost, pool: ["relu", "silu", "tanh"]});
    const {best, bestCost} = rows.at(-1) as (typeof rows)[number];
    expect(bestCost).toBeLessThanOrEqual(rows[0]?.cost as number);
    const final = await trained(best, 150);
    expect(final.inner).not.toBe(1);
    expect(final.sparsity).toBeCloseTo(0.9, 2);
    expect(final.accuracy).toBeGreaterThan(0.6);
    pruning.disposeMasks(masks);
    ops.tree.dispose(params);
  });
});
