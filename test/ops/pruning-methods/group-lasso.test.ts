import {beforeAll, describe, expect, test} from "vitest";
import {ops} from "../../../src/ops/index.ts";
import type {GroupKind} from "../../../src/ops/pruning/methods/group-lasso.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;

/** Which group a place of a kernel [2, 1, 2, 3] belongs to. */
const GROUP: Readonly<Record<GroupKind, (at: number) => number>> = {
  filters: (at) => at % 3,
  channels: (at) => Math.floor(at / 3) % 2,
  shapes: (at) => Math.floor(at / 3),
  layers: () => 0
};

for (const backend of NODE_BACKENDS) {
  describe(`group lasso on ${backend}`, () => {
    beforeAll(() => use(backend));
    const weights = Array.from(ops.key(1).normal(12));

    test.each(Object.keys(GROUP) as GroupKind[])("the penalty's gradient over %s", (kind) =>
      withoutLeak(async () => {
        const params = {kernel: tf.tensor4d(weights, [2, 1, 2, 3]), bias: tf.ones([3])};
        const zeros = ops.tree.zerosLike(params);
        const optimizer = pruning.groupLasso({strengths: {[kind]: 0.3}});
        const {updates} = optimizer.update(zeros, optimizer.init(params), params);
        // Central differences of the penalty in float64.
        const penalty = (at: readonly number[]) => {
          const squares = new Map<number, number>();
          at.forEach((w, i) => {
            squares.set(GROUP[kind](i), (squares.get(GROUP[kind](i)) ?? 0) + w * w);
          });
          return 0.3 * [...squares.values()].reduce((sum, each) => sum + Math.sqrt(each), 0);
        };
        const nudged = (i: number, by: number) => penalty(weights.map((w, j) => (i === j ? w + by : w)));
        const want = weights.map((_w, i) => (nudged(i, 1e-6) - nudged(i, -1e-6)) / 2e-6);
        const {kernel, bias} = updates as typeof params;
        await expectClose(kernel, want, {rtol: 1e-4, atol: 1e-5});
        expect(await valuesOf(bias)).toEqual([0, 0, 0]);
      })()
    );

    test(
      "groups of zeros stay where they are, and small ones go",
      withoutLeak(async () => {
        const params = {kernel: tf.tensor2d([0, 1, 0.01, 0, 1, 0.01], [2, 3])};
        const optimizer = pruning.groupLasso({strengths: {filters: 1, channels: 0.5}});
        const {updates} = optimizer.update(ops.tree.zerosLike(params), optimizer.init(params), params);
        const [first, , , fourth] = await valuesOf((updates as typeof params).kernel);
        expect([first, fourth]).toEqual([0, 0]);
        const masks = pruning.smallGroups(params, {threshold: 0.02}) as {kernel: Tensor};
        expect(await valuesOf(masks.kernel)).toEqual([0, 1, 0, 0, 1, 0]);
        const exact = pruning.smallGroups(params) as {kernel: Tensor};
        expect(await valuesOf(exact.kernel)).toEqual([0, 1, 1, 0, 1, 1]);
      })
    );
  });
}

describe("group lasso on digits", () => {
  beforeAll(() => use("wasm"));

  test("filters of a convolution go, and the smaller network does the same", async () => {
    const conv = () => ops.conv2d({filters: 12, kernelSize: 3, activation: "relu"});
    const model = ops.sequential([ops.reshape([8, 8, 1]), conv(), ops.flatten(), ops.dense({units: 10})]);
    const filters = (path: string) => path === "conv2d1/kernel";
    const optimizer = ops.chain(
      pruning.groupLasso({strengths: {filters: 0.04}, prunable: filters}),
      ops.sgd({learningRate: 0.2})
    );
    const found = await trainOnDigits(model, {steps: 150, optimizer}, async (state) => {
      const masks = pruning.smallGroups(state.params, {threshold: 0.03, prunable: filters});
      const small = await pruning.shrink(model, state.params, masks, {inputShape: [64]});
      const kept = small.kept.conv2d1?.length as number;
      const x = ops.random.uniform(ops.key(9), [4, 64]);
      const whole = pruning.applyMasks(state.params, masks);
      const outputs = [model.apply(whole, x), small.model.apply(small.params, x)] as [Tensor, Tensor];
      await expectClose(outputs[1], await valuesOf(outputs[0]), {rtol: 1e-3, atol: 1e-4});
      tf.dispose(outputs);
      ops.tree.dispose([whole, small.params, small.modelState, x]);
      pruning.disposeMasks(masks);
      return {kept};
    });
    expect(found.kept).toBeLessThan(12);
    expect(found.kept).toBeGreaterThan(0);
    expect(found.accuracy).toBeGreaterThan(0.7);
  });

  test("wrong calls say what to pass", () => {
    expect(() => pruning.groupLasso({strengths: {}})).toThrow(/needs a strength/);
    expect(() => pruning.groupLasso({strengths: {rows: 1} as never})).toThrow(/there is no kind "rows"/);
    expect(() => pruning.groupLasso({strengths: {filters: -1}})).toThrow(/strength of filters/);
    expect(() => pruning.smallGroups({kernel: tf.ones([2, 2])}, {threshold: -1})).toThrow(/threshold/);
  });
});
