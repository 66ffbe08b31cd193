import {beforeAll, describe, expect, test} from "vitest";
import type {Layer} from "../../../src/ops/core/layer.ts";
import {ops} from "../../../src/ops/index.ts";
import type {SubnetworkParams} from "../../../src/ops/pruning/methods/subnetwork.ts";
import type {Tensor} from "../../../src/ops/tf.ts";
import {expectClose, NODE_BACKENDS, use, withoutLeak} from "../support.ts";
import {countOf, trainOnDigits, valuesOf} from "./gating-support.ts";

const {tf, pruning} = ops;
const inside = () => ops.dense({units: 500, useBias: false});

/** Applies a training step of the network at some step. */
function applied(model: Layer, params: SubnetworkParams, step: number, key = ops.key(5)) {
  const state = {gumbelSubnetwork: {step: tf.scalar(step)}};
  return model.apply(params, tf.ones([1, 1]), {training: true, key, state, setState() {}});
}

for (const backend of NODE_BACKENDS) {
  describe(`gumbel subnetworks on ${backend}`, () => {
    beforeAll(() => use(backend));

    test(
      "weights are there by the chance of their logits, and by it alone in evaluation",
      withoutLeak(async () => {
        const model = pruning.gumbelSubnetwork(inside(), {steps: 10, probability: 0.8});
        const params = model.init(ops.key(0), [1]);
        const {kernel} = params.weights as {kernel: Tensor};
        const drawn = await valuesOf(applied(model as Layer, params, 0));
        const share = countOf(drawn) / 500;
        expect(share).toBeGreaterThan(0.72);
        expect(share).toBeLessThan(0.88);
        const weights = await valuesOf(kernel);
        drawn.forEach((value, i) => {
          if (value !== 0) expect(value).toBeCloseTo(weights[i] as number, 5);
        });
        expect(countOf(await valuesOf(model.apply(params, tf.ones([1, 1]))))).toBe(500);
      })
    );

    test(
      "the gradient is that of the relaxation, and frozen weights have none",
      withoutLeak(async () => {
        const model = pruning.gumbelSubnetwork(inside(), {steps: 10, temperature: [2, 0.5]});
        const params = model.init(ops.key(0), [1]);
        const key = ops.key(5);
        // Half of the way: the temperature is the geometric mean of both, 1.
        const gradients = ops.grad((at: SubnetworkParams) => tf.sum(applied(model as Layer, at, 4, key)));
        const grads = gradients(params) as SubnetworkParams;
        expect(countOf(await valuesOf((grads.weights as {kernel: Tensor}).kernel))).toBe(0);
        const weights = await valuesOf((params.weights as {kernel: Tensor}).kernel);
        const noise = key.fold(0).uniform(500, 2 ** -24, 1);
        const want = weights.map((w, i) => {
          const u = noise[i] as number;
          const soft = 1 / (1 + Math.exp(-(Math.log(u) - Math.log(1 - u))));
          return w * soft * (1 - soft);
        });
        await expectClose(grads.gates["logit kernel"] as Tensor, want, {rtol: 1e-3, atol: 1e-6});
        const kept = weights.filter((_w, i) => (noise[i] as number) > 0.5).reduce((sum, w) => sum + w, 0);
        await expectClose(grads.gates["factor kernel"] as Tensor, [kept], {rtol: 1e-3, atol: 1e-4});
      })
    );
  });
}

describe("gumbel subnetworks on digits", () => {
  beforeAll(() => use("wasm"));

  test("frozen weights stay to the bit and the subnetwork learns", async () => {
    const model = pruning.gumbelSubnetwork(ops.mlp([64, 64, 10]), {steps: 200});
    const params = model.init(ops.key(1), [64]);
    const kernelOf = ({weights}: SubnetworkParams) => (weights as {dense1: {kernel: Tensor}}).dense1.kernel;
    const before = await valuesOf(kernelOf(params));
    const found = await trainOnDigits(
      model,
      {steps: 200, params, optimizer: ops.adam({learningRate: 0.05})},
      async (state) => {
        const weights = model.weightsOf(state.params);
        const sparsity = await pruning.sparsityOf(weights);
        ops.tree.dispose(weights);
        return {
          after: await valuesOf(kernelOf(state.params)),
          factor: (await valuesOf(state.params.gates["factor dense1/kernel"]))[0],
          step: (await valuesOf((state.modelState.gumbelSubnetwork as {step: Tensor}).step))[0],
          sparsity
        };
      }
    );
    expect(found.after).toEqual(before);
    expect(found.step).toBe(200);
    expect(found.factor).not.toBe(1);
    expect(found.sparsity).toBeGreaterThan(0.2);
    expect(found.sparsity).toBeLessThan(0.8);
    expect(found.accuracy).toBeGreaterThan(0.7);
    ops.tree.dispose(params);
  });

  test("wrong calls say what to pass", () => {
    const make = (options: Partial<pruningOptions>) => () =>
      pruning.gumbelSubnetwork(inside(), {steps: 5, ...options});
    expect(make({temperature: [1, 0]})).toThrow(/both above 0/);
    expect(make({probability: 1})).toThrow(/not either of them/);
    expect(make({steps: 0})).toThrow(/steps must be a whole number/);
    const model = make({})();
    expect(() => model.apply(model.init(ops.key(0), [1]), tf.ones([1, 1]), {training: true})).toThrow(
      /needs its state and a key/
    );
  });
});

type pruningOptions = Parameters<typeof pruning.gumbelSubnetwork>[1];
