import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {takeInTurn} from "../../src/ops/moe/layers/nested-routing.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectLearns, expectTrueLayer, SLOW} from "./moe-layer-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {nested, nestedCapacities, nestedMixture} = ops.moe;

const capacities = [0.25, 0.25, 0.5];

/** Ones for the features that each token's expert has, of 3 experts. */
async function masksOf(experts: Tensor, features: number): Promise<Tensor> {
  const numbers = Array.from(await experts.data());
  const rows = numbers.map((expert) =>
    Array.from({length: features}, (_, i) => (i < features / 2 ** (2 - expert) ? 1 : 0))
  );
  return tf.reshape(tf.tensor2d(rows), [...experts.shape, features]);
}

/** Nested experts. */
export function nestedCases(backend: BackendName): void {
  describe(`nested experts on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "the largest takes its best tokens first, of each example",
      withoutLeak(async () => {
        const probabilities = tf.tensor3d(
          [
            [
              [0.1, 0.9],
              [0.2, 0.8],
              [0.05, 0.95],
              [0.5, 0.5]
            ],
            [
              [0.9, 0.1],
              [0.3, 0.7],
              [0.6, 0.4],
              [0.6, 0.4]
            ]
          ],
          [2, 4, 2]
        );
        const {order, probabilities: own} = takeInTurn(probabilities, [0.5, 0.5]);
        expect(Array.from(await order.data())).toEqual([2, 0, 5, 6, 3, 1, 4, 7]);
        await expectClose(own, [0.95, 0.9, 0.7, 0.4, 0.5, 0.2, 0.9, 0.6]);
      })
    );

    test(
      "each token is computed by the part of the perceptron that its expert is",
      withoutLeak(async () => {
        const layer = nestedMixture({hidden: 6, capacities, activation: "tanh"});
        const start = layer.init(ops.key(1), [8, 4]);
        const params = {...start, alpha: tf.scalar(0.7)};
        const x = ops.random.normal(ops.key(2), [3, 8, 4]);
        const experts = layer.experts(params, x);
        for (const example of (await experts.array()) as number[][])
          expect([0, 1, 2].map((e) => example.filter((own) => own === e).length)).toEqual([2, 2, 4]);
        const mask = await masksOf(experts, 4);
        const inside = tf.tanh(
          tf.matMul(tf.reshape(tf.mul(x, mask), [24, 4]), params.in.kernel).add(params.in.bias as Tensor)
        );
        const whole = tf.reshape(
          tf.matMul(inside, params.out.kernel).add(params.out.bias as Tensor),
          [3, 8, 4]
        );
        const kernel = (params.router as {kernel: Tensor}).kernel;
        const all = tf.softmax(tf.matMul(tf.reshape(x, [24, 4]), kernel));
        const p = tf.sum(tf.mul(all, tf.oneHot(tf.reshape(experts, [24]).toInt(), 3)), 1);
        const wanted = tf.mul(tf.mul(whole, mask), tf.add(1, tf.mul(0.7, tf.reshape(p, [3, 8, 1]))));
        await expectClose(layer.apply(params, x), Array.from(await wanted.data()));
      })
    );

    test(
      "later layers do what the first decided",
      withoutLeak(async () => {
        const here = nestedMixture({hidden: 6, capacities});
        const before = nestedMixture({hidden: 6, capacities, routed: "before"});
        const seen = new Map<string, Tensor>();
        const probe: Layer = {
          name: "probe",
          init: () => ({}),
          apply: (_params, x) => tf.clone(x)
        };
        const model = ops.sequential([
          here,
          nested(probe, {capacities}),
          ops.residual(before as Layer)
        ] as Layer[]);
        const params = model.init(ops.key(1), [4, 4]);
        expect(ops.tree.entries(params).filter(({path}) => path.includes("router")).length).toBe(1);
        const x = ops.random.normal(ops.key(2), [2, 4, 4]);
        const tap = (path: string, y: Tensor) => {
          seen.set(path, y);
          return tf.clone(y);
        };
        model.apply(params, x, {tap});
        const experts = here.experts(params.nestedMixture1 as never, x);
        const hidden = tf.sub(1, await masksOf(experts, 4));
        for (const path of ["nestedMixture1", "nested1", "residual1/body"])
          await expectClose(tf.mul(seen.get(path) as Tensor, hidden), Array(32).fill(0));
      })
    );

    test(
      "derivatives, the router's included",
      withoutLeak(async () => {
        const kernel = tf.tensor2d([1.5, -1.5, 0, 0.1, 0, 0, 0.1, 0], [4, 2]);
        const adjust = (params: Params) =>
          ({...(params as object), alpha: tf.scalar(0.8), router: {kernel}}) as Params;
        const layer = nestedMixture({hidden: 3, capacities: [0.5, 0.5], activation: "tanh"});
        // Two tokens that the router tells well apart: a difference across a change of experts is no derivative.
        await expectTrueLayer(layer as Layer, [2, 4], {adjust, seed: 1});
      })
    );

    test(
      "fit trains a first layer and those that follow it",
      async () => {
        const model = ops.sequential([
          ops.residual(nestedMixture({hidden: 16, capacities}) as Layer) as Layer,
          ops.residual(nestedMixture({hidden: 16, capacities, routed: "before"}) as Layer) as Layer
        ]);
        await expectLearns(model as Layer, [4, 4], {steps: 80});
      },
      SLOW
    );

    test("capacities cost the budget, and no others of that cost are worth more", () => {
      const costs = [0.25, 0.5, 1];
      const value = (shares: number[]) =>
        shares.reduce((sum, c, i) => sum + c * 2 ** i - 10 * c * Math.log(c), 0);
      for (const budget of [0.3, 0.5, 0.8]) {
        const shares = nestedCapacities(budget);
        expect(shares.reduce((sum, c) => sum + c, 0)).toBeCloseTo(1, 9);
        expect(shares.reduce((sum, c, i) => sum + c * (costs[i] as number), 0)).toBeCloseTo(budget, 6);
        for (const step of [-1e-3, 1e-3]) {
          const moved = [2, -3, 1].map((by, i) => (shares[i] as number) + by * step);
          expect(value(moved)).toBeLessThan(value(shares));
        }
      }
    });

    test("the work is that of the budget", () => {
      const layer = nestedMixture({hidden: 64, capacities: [0.5, 0.25, 0.25], routed: "before"});
      const whole = 16 * 4 * 8 * 64;
      expect(ops.flops(layer as Layer, [16, 8])).toBe((0.5 / 4 + 0.25 / 2 + 0.25) * whole);
    });

    test("wrong calls say what to pass", () => {
      expect(() => nestedCapacities(0.2)).toThrow(/budget must be a number between 0.25 and 1/);
      expect(() => nestedMixture({hidden: 4, capacities: [0.5, 0.6]})).toThrow(/must sum to 1/);
      expect(() => nestedMixture({hidden: 4, capacities: [1]})).toThrow(/two experts or more/);
      expect(() => nestedMixture({hidden: 4, capacities, routed: "after" as never})).toThrow(
        /"here" or "before"/
      );
      const layer = nestedMixture({hidden: 4, capacities, routed: "before"});
      expect(() => layer.init(ops.key(0), [4, 6])).toThrow(/6 is no multiple of 4/);
      const params = layer.init(ops.key(0), [4, 8]);
      expect(() => layer.apply(params, tf.zeros([1, 4, 8]))).toThrow(
        /takes the decision of a layer before it/
      );
      const left = (name: string) => tf.zeros(name === "nestedOrder" ? [8] : [8, 1]);
      expect(() => layer.apply(params, tf.zeros([1, 4, 8]), {left})).toThrow(
        /decided about 8 tokens, and there are 4/
      );
    });
  });
}
