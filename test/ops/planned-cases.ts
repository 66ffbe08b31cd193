import {beforeAll, describe, expect, test} from "vitest";
import type {BackendName} from "../../src/gpu/types.ts";
import * as core from "../../src/ops/core/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";

const {adam, applyGradients, initTrainState, key, mlp, planned, tf} = core;
const model = mlp([3, 8, 2]);
const optimizer = adam({learningRate: 0.02});
const slope = core.valueAndGrad((params: core.Params, x: Tensor, y: Tensor) =>
  core.meanSquaredError(model.apply(params as never, x), y)
);

const inputsAt = (step: number) => [
  {values: Float32Array.from({length: 15}, (_, i) => Math.sin(step * 15 + i)), shape: [5, 3]},
  {values: Float32Array.from({length: 10}, (_, i) => Math.cos(step + i)), shape: [5, 2]}
];

/** 30 steps with noise of each step's key; the losses and the last parameters. */
async function run(plan: boolean) {
  const loop = planned(
    (state, [x, y], stepKey) => {
      const noisy = tf.add(x as Tensor, core.random.normal(stepKey, [5, 3], 0, 0.1));
      const [loss, grads] = slope(state.params, noisy, y as Tensor);
      const {step, ...rest} = applyGradients(state, grads as never, optimizer);
      return {state: {step, ...rest}, outputs: {loss}};
    },
    core.tf.tidy(() => initTrainState(model.init(key(1), [3]), optimizer) as never) as core.TrainState,
    {key: key(5), plan}
  );
  const losses: number[] = [];
  for (let i = 0; i < 30; ++i) {
    loop.step(...inputsAt(i));
    const loss = loop.take("loss");
    losses.push((await loss.data())[0] as number);
    loss.dispose();
    if (i % 10 === 0) await loop.breathe();
  }
  const params = await core.tree.data(loop.state.params);
  const {report, done, state} = loop;
  expect(() => loop.take("accuracy")).toThrow("gave no output accuracy; it gave loss");
  const {step} = state;
  loop.dispose();
  return {losses, params, report, done, step};
}

/** A loop of one's own, as plans do it. */
export function plannedCases(backend: BackendName, use: (name: BackendName) => Promise<void>): void {
  describe(`planned on ${backend}`, () => {
    beforeAll(() => use(backend));

    test("gives the same bits with and without a plan, counts steps, draws anew and leaves no tensor", async () => {
      const before = tf.memory().numTensors;
      const [with_, without] = [await run(true), await run(false)];
      expect(with_.losses).toEqual(without.losses);
      expect(with_.params).toEqual(without.params);
      expect([with_.done, with_.step]).toEqual([30, 30]);
      expect(new Set(with_.losses).size).toBe(30);
      expect(with_.report.status).toBe(backend === "webgpu" ? "recorded" : "refused");
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
