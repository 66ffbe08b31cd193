import {afterEach, beforeAll, describe, expect, it} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import {enterProfiler, Profiler} from "../../src/gpu/profile.ts";
import type {StepProfile} from "../../src/gpu/types.ts";
import {ops} from "../../src/ops/index.ts";

const {tf} = ops;

beforeAll(async () => {
  expect((await openBackend({prefer: "webgpu"})).name).toBe("webgpu");
});
afterEach(() => enterProfiler(undefined));

/** Adam on a network of two layers, whose rows are on the GPU. */
function training(plan = true) {
  const model = ops.mlp([8, 16, 3]);
  const optimizer = ops.adam();
  const x = tf.reshape(tf.sin(tf.range(0, 256)), [32, 8]);
  const y = tf.zeros([32], "int32");
  const slope = ops.valueAndGrad((params: ReturnType<typeof model.init>) =>
    ops.softmaxCrossEntropy(model.apply(params, x), y)
  );
  return ops.planned(
    (state) => {
      const [loss, grads] = slope(state.params);
      return {state: ops.applyGradients(state, grads, optimizer), outputs: {loss}};
    },
    ops.initTrainState(model.init(ops.key(0)), optimizer),
    {plan}
  );
}

/** The profile of some steps of a training. */
async function profiled(loop: ReturnType<typeof training>, steps: number): Promise<StepProfile> {
  const answer = new Promise<StepProfile>((resolve) => enterProfiler(new Profiler(resolve, {steps: 7})));
  for (let step = 0; step < steps; ++step) loop.step();
  return answer;
}

async function lossAfter(steps: number, isProfiled: boolean): Promise<number> {
  const loop = training();
  if (isProfiled) await profiled(loop, steps);
  else for (let step = 0; step < steps; ++step) loop.step();
  const loss = loop.take("loss");
  const [value] = await loss.data();
  loss.dispose();
  loop.dispose();
  return value as number;
}

describe("a profile of recorded steps", () => {
  it("has every dispatch of a step, its bytes and its time", async () => {
    const loop = training();
    const {kernels, steps, reason} = await profiled(loop, 12);
    expect(steps).toBe(7);
    expect(reason).toBeUndefined();
    expect(kernels.reduce((sum, {calls}) => sum + calls, 0)).toBe(loop.report.dispatches);
    // Every step does the same: counts are whole.
    for (const {calls} of kernels) expect(Number.isInteger(calls)).toBe(true);
    // Parameters, gradients and the two moments, read and written: 7 tensors of 8*16 + 16 + 16*3 + 3 numbers.
    const adam = kernels.find(({name}) => /adam/i.test(name));
    expect(adam?.bytes).toBeGreaterThanOrEqual(7 * 195 * 4);
    for (const {milliseconds} of kernels) expect(milliseconds).toBeTypeOf("number");
    const total = kernels.reduce((sum, {milliseconds}) => sum + (milliseconds ?? 0), 0);
    expect(total).toBeGreaterThanOrEqual(0);
    expect(total).toBeLessThan(60_000);
    loop.dispose();
  });

  it("names tfjs's operations, not the classes of its programs", async () => {
    const loop = ops.planned(({w}) => ({state: {w: tf.cos(tf.softplus(w))}}), {w: tf.ones([8])});
    const answer = new Promise<StepProfile>((resolve) => enterProfiler(new Profiler(resolve, {steps: 3})));
    for (let step = 0; step < 6; ++step) loop.step();
    const {kernels} = await answer;
    expect(kernels.map(({name}) => name).sort()).toEqual(["tfjs Cos", "tfjs Softplus"]);
    loop.dispose();
  });

  it("changes nothing of what the steps compute", async () => {
    expect(await lossAfter(12, true)).toBe(await lossAfter(12, false));
  });

  it("says why there is none where steps are not recorded", async () => {
    const loop = training(false);
    const {kernels, reason} = await profiled(loop, 3);
    expect(kernels).toEqual([]);
    expect(reason).toMatch(/^Steps are not recorded: /);
    loop.dispose();
  });

  it("gives up on a loop that makes no such steps", async () => {
    const {reason} = await new Promise<StepProfile>((resolve) => new Profiler(resolve, {ownLoopMs: 5}));
    expect(reason).toMatch(/fit or planned/);
  });
});
