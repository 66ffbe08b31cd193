import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {addedLosses, expectLearns, expectTrueLayer, SLOW} from "./moe-layer-support.ts";
import {expectClose, use, withoutLeak} from "./support.ts";

const {tf} = ops;
const {mlpExpert, moe, skipMiddle, topKRouter} = ops.moe;

/** Adds a number to every feature, by way of a branch. */
const adds = (amount: number): Layer => ({
  name: "adds",
  init: () => ({}),
  apply: (_params, x) => tf.fill(x.shape, amount)
});

/** Gates whose sums are these for tokens of a single feature 1: the weights of the two first blocks. */
const gatesOf = (...amounts: number[]) =>
  Object.fromEntries(
    amounts.map((amount, i) => [`gate${i + 1}`, {kernel: tf.zeros([1, 1]), bias: tf.tensor1d([amount])}])
  );

/** Networks whose middle can be skipped. */
export function skipCases(backend: BackendName): void {
  describe(`skipping the middle on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "a gate shuts its block and the mirror image of it, and those between shut further",
      withoutLeak(async () => {
        const blocks = [1, 10, 100, 1000].map((amount) => [adds(amount)]);
        const layer = skipMiddle({blocks});
        const params = {gates: gatesOf(0.25, 0.5), branches: {}};
        const x = tf.ones([1, 1, 1]);
        await expectClose(layer.gates(params, x), [0.75, 0.25, 0.25, 0.75]);
        await expectClose(layer.apply(params, x), [1 + 0.75 * 1 + 0.25 * 10 + 0.25 * 100 + 0.75 * 1000]);
        const shut = {gates: gatesOf(-1, 1.5), branches: {}};
        await expectClose(layer.gates(shut, x), [1, 0, 0, 1]);
        await expectClose(layer.apply(shut, x), [1 + 1 + 1000]);
      })
    );

    test(
      "what skips a block is not looked at there",
      withoutLeak(async () => {
        const seen: Tensor[] = [];
        const spy: Layer = {
          name: "spy",
          init: () => ({}),
          apply(_params, x, context) {
            if (context?.mask) seen.push(tf.keep(tf.clone(context.mask)));
            return tf.zerosLike(x);
          }
        };
        const layer = skipMiddle({blocks: [[adds(0)], [spy], [spy], [adds(0)]]});
        const own = {kernel: tf.tensor2d([[1]]), bias: tf.zeros([1])};
        const params = {gates: {...gatesOf(0), gate2: own}, branches: {}};
        const x = tf.tensor3d([0.5, 2, -3, 1], [1, 4, 1]);
        layer.apply(params, x, {mask: tf.tensor2d([[0, 1, 1, 1]])});
        expect(seen.length).toBe(2);
        for (const mask of seen.splice(0)) {
          await expectClose(mask, [0, 0, 1, 0]);
          mask.dispose();
        }
        const gates = layer.gates(params, x);
        await expectClose(gates, [1, 1, 1, 1, 0.5, 0, 1, 0, 0.5, 0, 1, 0, 1, 1, 1, 1]);
        tf.dispose(seen);
      })
    );

    test(
      "a sequence that skips attention altogether stays as it is",
      withoutLeak(async () => {
        const attention = ops.multiHeadAttention({heads: 1, causal: true}) as Layer;
        const layer = skipMiddle({blocks: [[attention], [attention]]});
        const params = layer.init(ops.key(1), [3, 2]);
        const gate1 = {kernel: tf.zeros([2, 1]), bias: tf.tensor1d([2])};
        const x = ops.random.normal(ops.key(2), [2, 3, 2]);
        await expectClose(layer.apply({...params, gates: {gate1}}, x), Array.from(await x.data()));
      })
    );

    test(
      "training makes the mean gate small, or moves weights until gates have their means",
      withoutLeak(async () => {
        const blocks = [1, 1, 1, 1].map((amount) => [adds(amount)]);
        const params = {gates: gatesOf(0.25, 0.5), branches: {}};
        const x = tf.ones([2, 3, 1]);
        const sparse = skipMiddle({blocks, sparsity: 0.5});
        expect((await addedLosses(sparse as Layer, params, x))[0]).toBeCloseTo(0.5 * 0.5, 5);
        expect(await addedLosses(sparse as Layer, params, x, {training: false})).toEqual([]);
        const steered = skipMiddle({blocks, targets: {middle: 0.5, step: 0.25}});
        expect(ops.initState(steered as Layer, [3, 1])).toMatchObject({skipMiddle: {means: {shape: [4]}}});
        const state = {
          skipMiddle: {means: tf.tensor1d([1, 2, 3, 4]), variances: tf.tensor1d([5, 6, 7, 8])}
        };
        let next: Record<string, Tensor> = {};
        const setState = (_path: string, after: unknown) => {
          next = after as Record<string, Tensor>;
        };
        const [loss] = await addedLosses(steered as Layer, params, x, {state, setState});
        expect(loss).toBeCloseTo((1 * 0.75 + 2 * 0.25 + 3 * 0.25 + 4 * 0.75) / 4, 5);
        // Wanted are 1, 0.5, 0.5, 1, with variances 0, 0.25, 0.25, 0.
        await expectClose(next.means as Tensor, [0.75, 1.75, 2.75, 3.75]);
        await expectClose(next.variances as Tensor, [5, 5.75, 6.75, 8]);
      })
    );

    test(
      "derivatives, with gates half open",
      withoutLeak(async () => {
        const branch = () => ops.sequential([ops.rmsNorm() as Layer, ops.dense({units: 2}) as Layer]);
        const each = (layer: Layer): Layer => ({
          ...layer,
          init: (key) => layer.init(key, [2]),
          outputShape: (shape) => shape,
          apply: (params, x, context) =>
            tf.tidy(() => tf.reshape(layer.apply(params, tf.reshape(x, [-1, 2]), context), x.shape))
        });
        const layer = skipMiddle({blocks: [[each(branch() as Layer)], [each(branch() as Layer)]]});
        const gate1 = {kernel: tf.tensor2d([[0.02], [-0.03]]), bias: tf.tensor1d([0.5])};
        const adjust = (params: object) => ({...params, gates: {gate1}});
        await expectTrueLayer(layer as Layer, [2, 2], {adjust: adjust as never});
      })
    );

    test(
      "fit trains a transformer of mixtures that steers its gates",
      async () => {
        const attention = () =>
          ops.sequential([ops.rmsNorm(), ops.multiHeadAttention({heads: 1})] as Layer[]);
        const mixture = () => {
          const router = topKRouter({k: 1});
          const layer = moe({experts: 2, router, expert: mlpExpert({hidden: 12})});
          return ops.sequential([ops.rmsNorm() as Layer, layer as Layer]);
        };
        const blocks = [1, 2].map(() => [attention() as Layer, mixture() as Layer]);
        const layer = skipMiddle({blocks, targets: {outer: 0.9, middle: 0.9}});
        await expectLearns(layer as Layer, [3, 4], {steps: 80});
      },
      SLOW
    );

    test("wrong calls say what to pass", () => {
      const branch = adds(1);
      expect(() => skipMiddle({blocks: [[branch]]})).toThrow(/an even number of blocks/);
      expect(() => skipMiddle({blocks: [branch, branch] as never})).toThrow(/each a list of layers/);
      const blocks = [[branch], [branch]];
      expect(() => skipMiddle({blocks, sparsity: 1, targets: {middle: 0.5}})).toThrow(/sparsity or targets/);
      expect(() => skipMiddle({blocks, targets: {middle: 2}})).toThrow(
        /targets.middle must be a number between 0 and 1/
      );
      const narrow = skipMiddle({blocks: [[ops.flatten() as Layer], [branch]]});
      expect(() => narrow.init(ops.key(0), [3, 2])).toThrow(
        /block1branch1: a branch must keep the shape \[3, 2\]/
      );
    });
  });
}
