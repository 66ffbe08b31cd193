import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {draw, expectOwnShapes, leafAt, scattered, shapes, values} from "./moe-support.ts";
import {expectClose, fixture, kernel, tensor, use, withoutLeak} from "./support.ts";

const {dense, key, layerNorm, mlp, residual, sequential, tf, tree} = ops;
const {topKRouter, upcycle, upcycleVirtualGroups} = ops.moe;

/** Trained networks made into mixtures. */
export function moeUpcyclingCases(backend: BackendName): void {
  describe(`upcycling on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(["renormalised", "softmax"] as const)(
      "copies give what the feed-forward part gave, weights %s",
      (weights) =>
        withoutLeak(async () => {
          const {inputs, outputs} = fixture("moe/upcycling-equality");
          const model = sequential([dense({units: 8, activation: "gelu"}), dense({units: 5})]);
          const params = {
            dense1: {kernel: kernel(inputs.w1), bias: tensor(inputs.b1)},
            dense2: {kernel: kernel(inputs.w2), bias: tensor(inputs.b2)}
          };
          const x = tensor(inputs.x);
          await expectClose(model.apply(params, x), outputs.dense);
          const router = topKRouter({k: 2, weights});
          const sparse = upcycle(model, params, {experts: 4, inputShape: [5], router});
          const at = sparse.params as {moe1: {router: Params}};
          expect(sparse.paths).toEqual({dense1: "moe1"});
          const fitted = {moe1: {...at.moe1, router: {kernel: kernel(inputs.gate)}}};
          const wanted = weights === "softmax" ? outputs.moe_raw_gates : outputs.moe_renormalised;
          await expectClose(sparse.model.apply(fitted, x), wanted);
        })()
    );

    test(
      "parts inside residual blocks change where asked for, and layers behind get their new names",
      withoutLeak(async () => {
        const block = () =>
          residual([layerNorm(), dense({units: 12, activation: "silu"}), dense({units: 6})]);
        const model = sequential([
          block(),
          dense({units: 7}),
          dense({units: 6, activation: "tanh"}),
          block(),
          dense({units: 3})
        ]);
        const params = scattered(model.init(key(1), [6]));
        const x = draw(2, [9, 6]);
        const wanted = await values(model.apply(params, x));
        const all = upcycle(model, params, {experts: 3, inputShape: [6]});
        expect(all.paths).toEqual({
          "residual1/body/dense1": "residual1/body/moe1",
          dense1: "moe1",
          "residual2/body/dense1": "residual2/body/moe1"
        });
        expect(Object.keys(all.params)).toEqual(["residual1", "moe1", "residual2", "dense1"]);
        await expectClose(all.model.apply(all.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
        expectOwnShapes(all.model, all.params, [6]);
        const one = upcycle(model, params, {experts: 3, inputShape: [6], at: ["residual2/body/dense1"]});
        expect(Object.keys(one.paths)).toEqual(["residual2/body/dense1"]);
        await expectClose(one.model.apply(one.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
        await expectClose(leafAt(one.params, "dense3/kernel"), await values(leafAt(params, "dense3/kernel")));
      })
    );

    test(
      "a transformer's feed-forward parts become mixtures",
      withoutLeak(async () => {
        const model = ops.zoo.charTransformer({vocabulary: 11, features: 8, heads: 2, layers: 2});
        const params = scattered(model.init(key(1), [5]));
        const x = tf.tensor2d([[1, 5, 3, 0, 10]], [1, 5]);
        const sparse = upcycle(model, params, {experts: 4, inputShape: [5]});
        expect(Object.values(sparse.paths)).toEqual(["residual2/body/moe1", "residual4/body/moe1"]);
        const wanted = await values(model.apply(params, x));
        await expectClose(sparse.model.apply(sparse.params, x), wanted, {rtol: 2e-3, atol: 2e-3});
      })
    );

    test(
      "moments of an optimizer are copied to every expert, zero for the router; noise sets experts apart",
      withoutLeak(async () => {
        const model = mlp([4, 6, 3]);
        const params = scattered(model.init(key(0)));
        const sparse = upcycle(model, params, {experts: 2, noise: 0.1, key: key(3)});
        const moments = scattered(params);
        const lifted = sparse.lift(moments);
        expect(shapes(lifted)).toEqual(shapes(sparse.params));
        const first = leafAt(moments, "dense1/kernel");
        for (const copy of leafAt(lifted, "moe1/experts/in/kernel").unstack())
          await expectClose(copy, await values(first));
        expect(await values(leafAt(lifted, "moe1/router/kernel").abs().sum())).toEqual([0]);
        const own = leafAt(params, "dense1/kernel");
        const [a, b] = leafAt(sparse.params, "moe1/experts/in/kernel").unstack() as [Tensor, Tensor];
        const deviation = async (x: Tensor) => Math.sqrt((await values(tf.moments(x).variance))[0] as number);
        const ratio = (await deviation(tf.sub(a, own))) / (await deviation(own));
        expect(ratio).toBeGreaterThan(0.05);
        expect(ratio).toBeLessThan(0.2);
        expect((await values(tf.max(tf.abs(tf.sub(a, b)))))[0]).toBeGreaterThan(0);
      })
    );

    test.each([
      {weights: "renormalised", groups: 1},
      {weights: "renormalised", groups: 2},
      {weights: "softmax", groups: 2}
    ] as const)("virtual groups give every shard once: $weights, $groups groups", ({weights, groups}) =>
      withoutLeak(async () => {
        const model = mlp([5, 12, 4], {activation: "gelu"});
        const params = scattered(model.init(key(0)));
        const fine = upcycleVirtualGroups(model, params, {copies: 3, shards: 4, groups, weights});
        const x = draw(2, [20, 5]);
        const at = fine.params as {moe1: {router: {kernel: Tensor}; experts: Params}};
        // Softmax weights are equal, as the rescaling takes them to be, where the router knows nothing.
        const router = weights === "softmax" ? {kernel: tf.zerosLike(at.moe1.router.kernel)} : at.moe1.router;
        const wanted = await values(model.apply(params, x));
        const y = fine.model.apply({moe1: {...at.moe1, router}}, x);
        await expectClose(y, wanted, {rtol: 1e-3, atol: 1e-4});
        expectOwnShapes(fine.model, fine.params, [5]);
        const layer = (fine.model.children?.([5]) ?? [])[1]?.layer as ReturnType<typeof ops.moe.moe>;
        const routing = layer.routing(at.moe1, x);
        if (routing.kind !== "choices") throw new Error("A top-k router gives choices.");
        const chosen = (await routing.indices.array()) as number[][];
        for (const row of chosen) {
          const shards = row.map((expert) => expert % 4).sort();
          expect(shards).toEqual([0, 1, 2, 3].flatMap((shard) => Array(groups).fill(shard)));
        }
      })()
    );

    test("wrong calls say what to pass", () => {
      const model = mlp([4, 6, 3]);
      const params = model.init(key(0));
      const line = dense({units: 3});
      const own = line.init(key(0), [4]);
      expect(() => upcycle(line as Layer, own, {experts: 2, inputShape: [4]})).toThrow(
        /no feed-forward part/
      );
      expect(() => upcycle(model, params, {experts: 2, at: ["dense2"]})).toThrow(/at dense2.*at dense1/s);
      expect(() => upcycle(model, params, {experts: 0})).toThrow(ops.ArgumentError);
      expect(() => upcycle(model, params, {experts: 1})).toThrow(/chooses 2 experts/);
      const bare = sequential([dense({units: 6, activation: "relu"}), dense({units: 3})]);
      expect(() => upcycle(bare, bare.init(key(0), [4]), {experts: 2})).toThrow(/inputShape/);
      expect(() => upcycleVirtualGroups(model, params, {copies: 2, shards: 4})).toThrow(
        /6 hidden units.*4 shards/
      );
      expect(() => upcycleVirtualGroups(model, params, {copies: 2, shards: 3, groups: 3})).toThrow(/1 to 2/);
      tree.dispose([params, own]);
    });
  });
}
