import {beforeAll, describe, expect, it} from "vitest";
import {adamStep} from "../../src/gpu/kernels/adam.ts";
import {weightedSum} from "../../src/gpu/kernels/weighted-sum.ts";
import {type Leaf, PlannedSteps, type StepFunction} from "../../src/gpu/plan/planned-steps.ts";
import {TensorLedger} from "../../src/gpu/tensor-ledger.ts";
import {tf, tidy} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";

// As trainings of a page: without the checks that tests have.
beforeAll(() => use("webgpu", {checked: false}));

/** Adam on a linear model, made of tfjs's operations and a kernel of ours. */
const step: StepFunction = (state, [x, y]) =>
  tidy(() => {
    const [count, w, b, ...moments] = state as [number, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const lossOf = (weights: tf.Tensor, bias: tf.Tensor) =>
      tf.mean(
        tf.square(tf.sub(tf.add(tf.matMul(x as tf.Tensor, weights), bias), y as tf.Tensor))
      ) as tf.Scalar;
    const {value, grads} = tf.valueAndGrads(lossOf)([w, b]);
    const attrsAt = (at: number) => ({
      rate: 0.05 / (1 - 0.9 ** at),
      unbias: 1 / (1 - 0.999 ** at),
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      decay: 0,
      keep: 1 as const
    });
    const next = [w, b].map((param, i) =>
      adamStep(
        {
          param,
          grad: grads[i] as tf.Tensor,
          mu: moments[2 * i] as tf.Tensor,
          nu: moments[2 * i + 1] as tf.Tensor
        },
        attrsAt(count + 1),
        (ahead) => attrsAt(count + 1 + ahead)
      )
    ) as [tf.Tensor[], tf.Tensor[]];
    const [[w1, m1, v1], [b1, m2, v2]] = next as [
      [tf.Tensor, tf.Tensor, tf.Tensor],
      [tf.Tensor, tf.Tensor, tf.Tensor]
    ];
    return {state: [count + 1, w1, b1, m1, v1, m2, v2], outputs: [value]};
  });

const start = (): Leaf[] => [
  0,
  tf.tensor2d([0.1, -0.2, 0.3, 0.4, 0.5, -0.6], [3, 2]),
  tf.zeros([2]),
  tf.zeros([3, 2]),
  tf.zeros([3, 2]),
  tf.zeros([2]),
  tf.zeros([2])
];

const inputsAt = (i: number) => [
  {values: Float32Array.from({length: 12}, (_, j) => Math.sin(i * 12 + j)), shape: [4, 3]},
  {values: Float32Array.from({length: 8}, (_, j) => Math.cos(i * 8 + j)), shape: [4, 2]}
];

async function trained(steps: number, plan: boolean) {
  const planned = new PlannedSteps(step, start(), {plan});
  const losses: number[] = [];
  for (let i = 0; i < steps; ++i) {
    planned.step(inputsAt(i));
    const loss = planned.takeOutput(0);
    losses.push((await loss.data())[0] as number);
    loss.dispose();
  }
  const state = await Promise.all(
    planned.state.map((leaf) => (typeof leaf === "number" ? leaf : leaf.data().then((data) => [...data])))
  );
  const {report} = planned;
  const last = planned.lastPlan;
  planned.dispose();
  return {losses, state, report, kernels: last?.kernels};
}

describe("plans", () => {
  it("give the same bits as ordinary steps", async () => {
    const before = tf.memory().numTensors;
    const plain = await trained(40, false);
    const replayed = await trained(40, true);
    expect(replayed.report.status).toBe("recorded");
    expect(replayed.losses).toEqual(plain.losses);
    expect(replayed.state).toEqual(plain.state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("make nothing new in 10,000 replays", async () => {
    const decay: StepFunction = ([count, w], [x]) =>
      tidy(() => {
        const weightAt = (at: number) => ({weightA: 0.9, weightB: 1 / (1 + at)});
        const {weightA, weightB} = weightAt(count as number);
        const next = weightedSum(weightA, w as tf.Tensor, weightB, x as tf.Tensor, (ahead) =>
          weightAt((count as number) + ahead)
        );
        return {state: [(count as number) + 1, next], outputs: []};
      });
    const planned = new PlannedSteps(decay, [0, tf.zeros([64])]);
    const inputs = [{values: new Float32Array(64).fill(1), shape: [64]}];
    for (let i = 0; i < 8; ++i) planned.step(inputs);
    const made = {buffers: 0, groups: 0};
    const {device} = tf.backend() as unknown as {device: GPUDevice};
    const [createBuffer, createBindGroup] = [device.createBuffer, device.createBindGroup];
    device.createBuffer = (descriptor) => {
      ++made.buffers;
      return createBuffer.call(device, descriptor);
    };
    device.createBindGroup = (descriptor) => {
      ++made.groups;
      return createBindGroup.call(device, descriptor);
    };
    const before = tf.memory();
    let replays = 0;
    const madeByReplays = {buffers: 0, groups: 0};
    for (let i = 0; i < 10_020; ++i) {
      const {buffers, groups} = made;
      planned.step(inputs);
      // Now and then a step is an ordinary one that the plan is compared with.
      if (planned.lastPlan) {
        ++replays;
        madeByReplays.buffers += made.buffers - buffers;
        madeByReplays.groups += made.groups - groups;
      }
      await planned.room();
    }
    Object.assign(device, {createBuffer, createBindGroup});
    expect(replays).toBeGreaterThan(10_000);
    expect(madeByReplays).toEqual({buffers: 0, groups: 0});
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
    planned.dispose();
  }, 90_000);

  it("are not replayed when their memory was freed", async () => {
    const ledger = new TensorLedger();
    const owner = ledger.makeOwner("run 1");
    ledger.open(owner);
    const planned = new PlannedSteps(step, start());
    for (let i = 0; i < 5; ++i) planned.step(inputsAt(i));
    const plan = planned.lastPlan;
    expect(plan?.isAlive).toBe(true);
    ledger.release(owner);
    expect(plan?.isAlive).toBe(false);
    expect(() => planned.step(inputsAt(5))).toThrow("The memory of this training was freed");
    planned.dispose();
    ledger.sweep();
  });
});
