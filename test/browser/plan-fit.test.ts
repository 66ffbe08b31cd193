import {beforeAll, describe, expect, it} from "vitest";
import {doubtPlans} from "../../src/gpu/plan/planned-steps.ts";
import type {FitOptions, FitRow} from "../../src/ops/core/fit-options.ts";
import * as ops from "../../src/ops/core/index.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {spirals} from "../../src/ops/datasets/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";

const {key, tf} = ops;

// As trainings of a page: without the checks that tests have.
beforeAll(() => use("webgpu", {checked: false}));

const data = spirals({n: 200});

async function trained(model: Layer, options: FitOptions) {
  const training = ops.fit(model, data, {key: key(3), batchSize: 32, steps: 60, logEvery: 7, ...options});
  const rows: FitRow[] = [];
  for await (const row of training) rows.push(row);
  const params = (
    await Promise.all(ops.tree.leaves(training.params as Tensor).map((leaf) => leaf.data()))
  ).map((values) => [...values]);
  const {plan} = training;
  training.dispose();
  return {rows, params, plan};
}

/** Both ways; plans have to change nothing. */
async function compared(model: Layer, options: FitOptions = {}) {
  const before = tf.memory().numTensors;
  const planned = await trained(model, options);
  const plain = await trained(model, {...options, plan: false});
  expect(planned.rows).toEqual(plain.rows);
  expect(planned.params).toEqual(plain.params);
  expect(plain.plan?.status).toBe("refused");
  expect(tf.memory().numTensors).toBe(before);
  return planned.plan;
}

const {adam, adamw, chain, clipByGlobalNorm, dense, dropout, ema, mlp, sequential, sgd} = ops;

describe("fit with plans gives the bits of fit without", () => {
  const withNorm = () =>
    sequential([
      dense({units: 16}),
      ops.batchNorm(),
      ops.activation("relu"),
      dropout(0.3),
      dense({units: 3})
    ]) as Layer;

  it("for a small network, at 13 dispatches a step or fewer", async () => {
    const plan = await compared(mlp([2, 16, 16, 3]) as Layer);
    expect(plan?.status).toBe("recorded");
    expect(plan?.dispatches).toBeLessThanOrEqual(14);
  });

  it("with dropout, the states of layers and a schedule", async () => {
    const optimizer = adam({learningRate: ops.cosineSchedule({from: 0.01, steps: 60})});
    expect((await compared(withNorm(), {optimizer}))?.status).toBe("recorded");
  });

  it("with clipping, weight decay by path, moving averages and batches in pieces", async () => {
    const decayed = adamw({learningRate: 0.01, mask: (path) => path.endsWith("kernel")});
    const optimizer = ema(chain(clipByGlobalNorm(0.5), decayed), {decay: (step) => (step + 1) / (step + 2)});
    const plan = await compared(withNorm(), {optimizer, accumulate: 2});
    expect(plan?.status).toBe("recorded");
  });

  it("where evaluations, metrics and early stopping look at it", async () => {
    const options: FitOptions = {
      test: data,
      evaluateEvery: 20,
      earlyStopping: {patience: 2},
      metrics: {largest: (outputs) => tf.max(outputs)}
    };
    expect((await compared(mlp([2, 8, 3]) as Layer, options))?.status).toBe("recorded");
  });

  it("in callbacks, whose states stay as they are when the training goes on", async () => {
    const copies = async (plan: boolean) => {
      const kept: Tensor[] = [];
      await trained(mlp([2, 8, 3]) as Layer, {
        plan,
        onStep: ({step, params}) => {
          if (step % 25 === 0) kept.push(tf.keep(tf.clone(ops.tree.leaves(params as Tensor)[0] as Tensor)));
        }
      });
      const values = await Promise.all(kept.map((each) => each.data()));
      tf.dispose(kept);
      return values;
    };
    expect(await copies(true)).toEqual(await copies(false));
  });

  it("with an optimizer whose every tenth step is unlike the others", async () => {
    const rate = 0.1;
    const optimizer: ops.Optimizer = {
      init: (params) => ({step: 0, signs: ops.tree.zerosLike(params)}),
      isIrregular: (state) => (state as {step: number}).step % 10 === 0,
      update(grads, state) {
        const {step, signs} = state as {step: number; signs: ops.Params};
        const chosen = step % 10 === 0 ? ops.tree.map((g: Tensor) => tf.sign(g), grads) : signs;
        const updates = ops.tree.map(
          (g: Tensor, _path, s) => tf.mul(tf.mul(g, tf.abs(s as Tensor)), -rate),
          grads,
          chosen
        );
        return {updates: updates as ops.Params, state: {step: step + 1, signs: chosen}};
      }
    };
    expect((await compared(mlp([2, 8, 3]) as Layer, {optimizer}))?.status).toBe("recorded");
  });

  it("with momentum that changes from step to step", async () => {
    const optimizer = sgd({
      learningRate: 0.1,
      momentum: (step) => 0.9 * Math.min(1, step / 30),
      nesterov: true
    });
    expect((await compared(mlp([2, 8, 3]) as Layer, {optimizer}))?.status).toBe("recorded");
  });
});

describe("a step that cannot be replayed runs as it is and says why", () => {
  it("when it computes with a number that changes unseen", async () => {
    let calls = 0;
    const loss = (outputs: Tensor, wanted: Tensor) =>
      tf.mul(ops.softmaxCrossEntropy(outputs, wanted), 1 + ++calls / 1000);
    const {plan, rows} = await trained(mlp([2, 8, 3]) as Layer, {loss});
    calls = 0;
    expect(rows).toEqual((await trained(mlp([2, 8, 3]) as Layer, {loss, plan: false})).rows);
    expect(plan).toEqual({status: "refused", reason: expect.stringContaining("changes from step to step")});
  });

  it("when the optimizer does something else every other step", async () => {
    const optimizer = ops.accumulate(2, sgd({learningRate: 0.1}));
    const plan = await compared(mlp([2, 8, 3]) as Layer, {optimizer});
    expect(plan?.status).toBe("refused");
  });
});

it("a plan that no longer holds is given up when somebody doubts it", async () => {
  let weight = 1;
  const loss = (outputs: Tensor, wanted: Tensor) => tf.mul(ops.softmaxCrossEntropy(outputs, wanted), weight);
  const changed = async (plan: boolean) => {
    weight = 1;
    const onStep = ({step}: {step: number}) => {
      if (step !== 20) return;
      weight = 3;
      doubtPlans();
    };
    return trained(mlp([2, 8, 3]) as Layer, {loss, plan, onStep});
  };
  const [planned, plain] = [await changed(true), await changed(false)];
  expect(planned.rows).toEqual(plain.rows);
  expect(planned.plan?.status).toBe("recorded");
});
