import {beforeAll, describe, expect, it} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import {adamStep} from "../../src/gpu/kernels/adam.ts";
import {type Leaf, PlannedSteps, type StepFunction} from "../../src/gpu/plan/planned-steps.ts";
import {tf, tidy} from "../../src/ops/tf.ts";

beforeAll(async () => {
  expect((await openBackend({prefer: "webgpu"})).name).toBe("webgpu");
});

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
});
