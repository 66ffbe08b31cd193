import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {MoeLayer} from "../../src/ops/moe/moe.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {draw, expectOwnShapes, leafAt, scattered, values} from "./moe-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {key, mlp, tf, tree} = ops;
const {cmoe, moefy} = ops.moe;

const EXPERTS = 4;
const HIDDEN = 12;

/**
 * A part whose hidden units are of four kinds, each active for one of the four inputs only (which is positive, the others being
 * zero), in a mixed-up order; and the kind of each unit.
 */
function plantedModel() {
  const model = mlp([EXPERTS, HIDDEN, 3]);
  const kinds = Array.from({length: HIDDEN}, (_, unit) => (unit * 7) % EXPERTS);
  const kernel = tf.tidy(() => {
    const rows = Array.from({length: EXPERTS}, (_, input) =>
      kinds.map((kind, unit) => (kind === input ? 1 + 0.05 * unit : -0.2))
    );
    return tf.tensor2d(rows);
  });
  const drawn = scattered(model.init(key(3)));
  const bias = tf.zeros([HIDDEN]);
  const params = {dense1: {kernel, bias}, dense2: drawn.dense2 as Params};
  tree.dispose(drawn.dense1 as Params);
  return {model, params, kinds};
}

/** Rows with one positive input. */
const plantedInputs = () =>
  tf.tensor2d(
    Array.from({length: 40}, (_, row) => [0, 1, 2, 3].map((at) => (at === row % 4 ? 1 + row / 40 : 0)))
  );

const mixtureIn = (model: Layer) => model.children?.([EXPERTS])[1]?.layer as unknown as MoeLayer;

/** Feed-forward parts carved into experts. */
export function moeCarvingCases(backend: BackendName): void {
  describe(`carving on ${backend}`, () => {
    beforeAll(() => use(backend));

    test.each(
      (["clusters", "coactivation", "random"] as const).flatMap((split) =>
        (["mlp", "similarity", "oracle"] as const).map((router) => ({split, router}))
      )
    )("all experts together compute what the part did: $split, $router", ({split, router}) =>
      withoutLeak(async () => {
        const model = mlp([5, HIDDEN, 3]);
        const params = scattered(model.init(key(0)));
        const x = draw(1, [30, 5]);
        const made = await moefy(model, params, x, {experts: 3, k: 3, split, router, routerSteps: 3});
        expect(made.paths).toEqual({dense1: "moe1"});
        const wanted = await values(model.apply(params, x));
        await expectClose(made.model.apply(made.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
        expectOwnShapes(made.model, made.params, [5]);
      })()
    );

    test.each([
      {split: "coactivation", router: "mlp"},
      {split: "coactivation", router: "oracle"},
      {split: "clusters", router: "similarity"}
    ] as const)("units that work together become an expert, which the router finds: $split, $router", (how) =>
      withoutLeak(async () => {
        const {model, params, kinds} = plantedModel();
        const x = plantedInputs();
        const made = await moefy(model, params, x, {experts: EXPERTS, k: 1, key: key(2), ...how});
        // Each expert has the units of one kind: one input that is positive for all of them.
        const kernels = (await leafAt(made.params, "moe1/experts/in/kernel").array()) as number[][][];
        for (const kernel of kernels) {
          const positive = kernel.map((row) => row.filter((weight) => weight > 0).length);
          expect(positive.filter((count) => count > 0)).toEqual([HIDDEN / EXPERTS]);
        }
        expect(new Set(kinds).size).toBe(EXPERTS);
        const wanted = await values(model.apply(params, x));
        await expectClose(made.model.apply(made.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
      })()
    );

    test(
      "a carved part shares what is always active, and the unit amid each cluster chooses",
      withoutLeak(async () => {
        const {model, params} = plantedModel();
        const x = plantedInputs();
        // Three more units, active for every token.
        const kernel = tf.concat([params.dense1.kernel, tf.ones([EXPERTS, 3]).mul(9)], 1);
        const wide = {
          dense1: {kernel, bias: tf.zeros([HIDDEN + 3])},
          dense2: {kernel: draw(8, [HIDDEN + 3, 3]), bias: draw(9, [3])}
        };
        const larger = mlp([EXPERTS, HIDDEN + 3, 3]);
        const made = await cmoe(larger, wide, x, {experts: EXPERTS, k: 1, active: 6 / 15});
        expect(await values(leafAt(made.params, "moe1/shared/in/kernel"))).toEqual(Array(12).fill(9));
        await expectClose(made.model.apply(made.params, x), await values(larger.apply(wide, x)), {
          rtol: 1e-3,
          atol: 1e-4
        });
        const own = (await leafAt(made.params, "moe1/router/kernel").transpose().array()) as number[][];
        const all = ((await kernel.transpose().array()) as number[][]).map((row) => row.join());
        for (const row of own) expect(all).toContain(row.join());
        expect(model.sizes).toEqual([EXPERTS, HIDDEN, 3]);
      })
    );

    test(
      "all routed experts together compute what the part did, and gradients reach the router's scales",
      withoutLeak(async () => {
        const model = mlp([5, HIDDEN, 3], {activation: "gelu"});
        const params = scattered(model.init(key(0)));
        const x = draw(1, [30, 5]);
        const made = await cmoe(model, params, x, {experts: 4, shared: 2, k: 4});
        const wanted = await values(model.apply(params, x));
        await expectClose(made.model.apply(made.params, x), wanted, {rtol: 1e-3, atol: 1e-4});
        expectOwnShapes(made.model, made.params, [5]);
        const some = await cmoe(model, params, x, {experts: 4, shared: 2, k: 2});
        const loss = (at: Params) => tf.sum(tf.square(some.model.apply(at, x)));
        const grads = ops.grad(loss)(some.params);
        const scale = await values(leafAt(grads, "moe1/router/scale"));
        expect(scale.every((each) => Math.abs(each) > 1e-6)).toBe(true);
        // y = sum (1 + scale_e p_e) expert_e: by finite differences.
        const at = leafAt(some.params, "moe1/router/scale");
        const moved = async (by: number) => {
          const changed = tree.map(
            (leaf: Tensor) => (leaf === at ? tf.add(leaf, tf.tensor1d([by, 0, 0, 0])) : leaf),
            some.params
          ) as Params;
          return (await values(loss(changed)))[0] as number;
        };
        const slope = ((await moved(0.05)) - (await moved(-0.05))) / 0.1;
        expect(Math.abs(slope - (scale[0] as number))).toBeLessThan(0.02 * Math.abs(slope) + 1e-3);
      })
    );

    test(
      "the bias of an expert with too little work grows by steps, and moves choices alone",
      withoutLeak(async () => {
        const model = mlp([5, HIDDEN, 3]);
        const params = scattered(model.init(key(0)));
        const x = draw(1, [30, 5]);
        const {model: sparse, params: at} = await cmoe(model, params, x, {
          experts: 4,
          shared: 2,
          k: 1,
          balance: 0.5
        });
        const layer = mixtureIn(sparse);
        const own = (at as {moe1: never}).moe1;
        const before = layer.routing(own, x);
        if (before.kind !== "choices") throw new Error("A carved router gives choices.");
        const counts = Array(4).fill(0);
        for (const e of await values(before.indices)) counts[e] += 1;
        const states: Record<string, Params> = {};
        const stateOf = (bias: number[]) => ({moe1: {router: {bias: tf.tensor1d(bias)}}});
        layer.apply(own, x, {
          training: true,
          path: "moe1",
          state: stateOf([1, 1, 1, 1]),
          setState: (where, state) => {
            states[where] = state;
          }
        });
        const mean = 30 / 4;
        const wanted = counts.map((count) => 1 + 0.5 * Math.sign(mean - count));
        await expectClose(leafAt(states, "moe1/router/bias"), wanted);
        const pushed = layer.routing(own, x, {
          path: "moe1",
          state: stateOf([0, 0, 1e6, 0])
        });
        if (pushed.kind !== "choices") throw new Error("A carved router gives choices.");
        expect(new Set(await values(pushed.indices))).toEqual(new Set([2]));
        expect(new Set(await values(pushed.weights))).toEqual(new Set([1]));
      })
    );

    test("wrong calls say what to pass", async () => {
      const model = mlp([5, HIDDEN, 3]);
      const params = model.init(key(0));
      const x = draw(1, [8, 5]);
      expect(() => moefy(model, params, x, {experts: 4, k: 5})).toThrow(/Pass 1 to 4/);
      expect(() => moefy(model, params, x, {experts: 4, k: 1, split: "metis" as never})).toThrow(
        /coactivation/
      );
      expect(() => moefy(model, params, x, {experts: 4, k: 1, router: "best" as never})).toThrow(/oracle/);
      await expect(moefy(model, params, x, {experts: 5, k: 1})).rejects.toThrow(/12 hidden units.*5 equal/);
      await expect(cmoe(model, params, x, {experts: 4, k: 1})).rejects.toThrow(/into 5 equal groups/);
      expect(() => cmoe(model, params, x, {experts: 4, k: 5})).toThrow(/Pass 1 to 4/);
      tree.dispose([params, x]);
    });
  });
}
