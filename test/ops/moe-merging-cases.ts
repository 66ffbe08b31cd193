import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {type Tensor, tidy} from "../../src/ops/tf.ts";
import {draw, expectOwnShapes, leafAt, scattered, values} from "./moe-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {key, sequential, tf, tree} = ops;
const {expertChoiceRouter, gluExpert, mergeExperts, mlpExpert, moe, topKRouter, uncurl} = ops.moe;

const HIDDEN = 4;
const ORDER = [2, 0, 3, 1];

/** Four experts of which two are the others with their hidden units in another order, chosen by nearly the same logits. */
function twins(): {model: Layer; params: Params} {
  const model = sequential([
    moe({experts: 4, router: topKRouter({k: 2}), expert: mlpExpert({hidden: HIDDEN})})
  ]);
  const drawn = scattered(model.init(key(0), [3]));
  const params = tidy(() => {
    const order = tf.tensor1d(ORDER, "int32");
    const both = (path: string, axis: number | undefined) => {
      const two = tf.slice(leafAt(drawn, `moe1/${path}`), 0, 2);
      return tf.concat([two, axis === undefined ? two : tf.gather(two, order, axis)]);
    };
    const two = tf.tensor2d([
      [1, 1],
      [1, 0.5],
      [1, 1.6]
    ]);
    return {
      moe1: {
        router: {kernel: tf.concat([two, two.mul(1.3)], 1)},
        experts: {
          in: {kernel: both("experts/in/kernel", 2), bias: both("experts/in/bias", 1)},
          out: {kernel: both("experts/out/kernel", 1), bias: both("experts/out/bias", undefined)}
        }
      }
    };
  });
  tree.dispose(drawn);
  return {model: model as Layer, params};
}

/** Experts of one hidden unit, each chosen by one input: [weight in, weight out] of each. */
function scalars(weights: readonly [number, number][]) {
  const experts = weights.length;
  const model = moe({
    experts,
    router: topKRouter({k: 1}),
    expert: mlpExpert({hidden: 1, bias: false, units: 1})
  });
  const first = weights.map(([weight]) => Array.from({length: experts}, () => [weight]));
  const params = {
    router: {kernel: tf.eye(experts)},
    experts: {
      in: {kernel: tf.tensor3d(first)},
      out: {kernel: tf.tensor3d(weights.map(([, weight]) => [[weight]]))}
    }
  };
  return {model: model as Layer, params};
}

const oneHot = (ids: number[], size: number) =>
  tf.tensor2d(ids.map((id) => Array.from({length: size}, (_, at) => (at === id ? 1 : 0))));

const sortedGroups = (groups: number[][] | undefined) =>
  (groups ?? []).map((group) => [...group].sort()).sort((a, b) => (a[0] as number) - (b[0] as number));

/** Experts merged. */
export function moeMergingCases(backend: BackendName): void {
  describe(`merging of experts on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "experts that differ in the order of their units become one without a difference",
      withoutLeak(async () => {
        const {model, params} = twins();
        // Positive inputs: 2 and 3, of the larger logits, are chosen most.
        const x = tf.abs(draw(5, [40, 3]));
        const small = await mergeExperts(model, params, x, {keep: 2});
        expect(sortedGroups(small.groups.moe1)).toEqual([
          [0, 2],
          [1, 3]
        ]);
        const wanted = await values(model.apply(params, x));
        await expectClose(small.model.apply(small.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
        expectOwnShapes(small.model, small.params, [3]);
        const loss = (of: Layer) => (at: Params) => tf.sum(tf.square(of.apply(at, x)));
        const own = leafAt(ops.grad(loss(model))(params), "moe1/router/kernel");
        const now = leafAt(ops.grad(loss(small.model))(small.params), "moe1/router/kernel");
        await expectClose(now, await values(own), {rtol: 1e-2, atol: 1e-2});
        const [report] = await ops.moe.routingReport(small.model, small.params, {
          name: "x",
          inputs: Float32Array.from(await x.data()),
          inputShape: [3],
          labels: new Int32Array(40),
          classes: 1
        });
        expect(report?.experts).toBe(2);
        expect(report?.load.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 6);
        const unaligned = await mergeExperts(model, params, x, {keep: 2, align: false, weigh: "uniform"});
        const off = tf.max(
          tf.abs(tf.sub(unaligned.model.apply(unaligned.params, x), tf.tensor1d(wanted).reshape([40, 3])))
        );
        expect((await values(off))[0]).toBeGreaterThan(0.1);
      })
    );

    test.each([
      {weigh: "frequency", wanted: [(3 * 2 + 1 * 6) / 4, (3 * 10 + 1 * 2) / 4]},
      {weigh: "uniform", wanted: [4, 6]}
    ] as const)("an expert weighs as much as it is chosen: $weigh", ({weigh, wanted}) =>
      withoutLeak(async () => {
        const {model, params} = scalars([
          [2, 10],
          [6, 2]
        ]);
        const x = oneHot([0, 1, 0, 0], 2);
        const small = await mergeExperts(model, params, x, {keep: 1, weigh});
        await expectClose(leafAt(small.params, "experts/in/kernel"), [wanted[0], wanted[0]]);
        await expectClose(leafAt(small.params, "experts/out/kernel"), [wanted[1]]);
      })()
    );

    test(
      "matrices of low rank and a few units more are compressed without a difference",
      withoutLeak(async () => {
        const layer = moe({experts: 2, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 6, units: 3})});
        const model = layer as Layer;
        const drawn = scattered(layer.init(key(0), [5]));
        // Rank one, but for the units 1 and 4.
        const own = (size: number, across: number) =>
          tf.tensor1d([0, 1, 0, 0, 1, 0]).reshape([1, size, across]);
        const inside = tf
          .matMul(draw(1, [2, 5, 1]), draw(2, [2, 1, 6]))
          .add(draw(3, [2, 5, 6]).mul(own(1, 6)));
        const outside = tf
          .matMul(draw(4, [2, 6, 1]), draw(5, [2, 1, 3]))
          .add(draw(6, [2, 6, 3]).mul(own(6, 1)));
        const at = tree.map((leaf: Tensor, path) => {
          if (path === "experts/in/kernel") return inside;
          return path === "experts/out/kernel" ? outside : leaf;
        }, drawn as Params) as Params;
        const x = draw(7, [20, 5]);
        const wanted = await values(model.apply(at, x));
        const small = await mergeExperts(model, at, x, {keep: 2, compress: {rank: 1, exact: 2}});
        await expectClose(small.model.apply(small.params, x), wanted, {rtol: 1e-3, atol: 1e-3});
        expectOwnShapes(small.model, small.params, [5]);
        const whole = await mergeExperts(model, at, x, {keep: 2, compress: {rank: 5}});
        await expectClose(whole.model.apply(whole.params, x), wanted, {rtol: 1e-3, atol: 1e-3});
        const low = await mergeExperts(model, at, x, {keep: 2, compress: {rank: 1}});
        const off = tf.max(
          tf.abs(tf.sub(low.model.apply(low.params, x), tf.tensor1d(wanted).reshape([20, 3])))
        );
        expect((await values(off))[0]).toBeGreaterThan(0.05);
      })
    );

    test(
      "experts of one task's cluster are averaged by their weights, and the router keeps the representatives",
      withoutLeak(async () => {
        const {model, params} = scalars([
          [2, 10],
          [6, 2],
          [1, 1],
          [3, 5]
        ]);
        // The logits of 0 and 2 go together, and those of 1 and 3; 2 and 3 have the larger ones.
        const kernel = tf.tensor2d([
          [1, 0, 2, 0],
          [0, 1, 0, 3],
          [0, 0, 0, 0],
          [0, 0, 0, 0]
        ]);
        const at = {...params, router: {kernel}};
        const x = tf.tensor2d([
          [1, 0, 0, 0],
          [2, 0, 0, 0],
          [0, 1, 0, 0]
        ]);
        const small = await uncurl(model, at, x, {keep: 2});
        expect([...(small.groups[""] ?? [])].sort()).toEqual([
          [2, 0],
          [3, 1]
        ]);
        expectOwnShapes(small.model, small.params, [4]);
        const columns = (await leafAt(small.params, "router/kernel").transpose().array()) as number[][];
        expect([...columns].sort()).toEqual([
          [0, 3, 0, 0],
          [2, 0, 0, 0]
        ]);
        // Each representative was chosen every time: the others weigh nothing.
        const weights = [...(await values(leafAt(small.params, "experts/out/kernel")))].sort();
        await expectClose(tf.tensor1d(weights), [1, 5]);
        const kept = await uncurl(model, at, x, {keep: 2, router: "keep"});
        expect(leafAt(kept.params, "router/kernel").shape).toEqual([4, 4]);
      })
    );

    test("wrong calls say what to pass", async () => {
      const {model, params} = scalars([
        [2, 10],
        [6, 2]
      ]);
      const x = oneHot([0, 1], 2);
      await expect(mergeExperts(model, params, x, {keep: 3})).rejects.toThrow(/pass 1 to 2/);
      await expect(mergeExperts(model, params, x, {keep: 1, weigh: "load" as never})).rejects.toThrow(
        /"uniform"/
      );
      await expect(uncurl(model, params, x, {keep: 1, router: "mean" as never})).rejects.toThrow(
        /"rewire" or "keep"/
      );
      const gated = moe({experts: 2, router: topKRouter({k: 1}), expert: gluExpert({hidden: 2})});
      const own = gated.init(key(0), [2]);
      await expect(mergeExperts(gated as Layer, own as Params, x, {keep: 1})).rejects.toThrow(
        /gluExpert.*mlpExpert/
      );
      const choosing = moe({experts: 2, router: expertChoiceRouter({}), expert: mlpExpert({hidden: 1})});
      const theirs = choosing.init(key(0), [2]);
      await expect(mergeExperts(choosing as Layer, theirs as Params, x, {keep: 1})).rejects.toThrow(
        /topKRouter/
      );
      tree.dispose([params, x, own as Params, theirs as Params]);
    });
  });
}
