// Replayed steps whose outputs nobody asks for compute the next state alone, with the same bits.
import {afterEach, beforeAll, expect, test} from "vitest";
import {weightedSum} from "../../src/gpu/kernels/weighted-sum.ts";
import {PackedSteps} from "../../src/gpu/plan/packed-steps.ts";
import type {StepFunction} from "../../src/gpu/plan/planned-steps.ts";
import {enterProfiler, Profiler} from "../../src/gpu/profile.ts";
import type {StepProfile} from "../../src/gpu/types.ts";
import {feedOf} from "../../src/ops/core/feed.ts";
import {makeUpdate} from "../../src/ops/core/fit-update.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {asLayerwise} from "../../src/ops/core/optimizers/layerwise.ts";
import {PlannedTraining} from "../../src/ops/core/planned-training.ts";
import {taskOf} from "../../src/ops/core/task.ts";
import {initTrainState} from "../../src/ops/core/train-step.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import {type Tensor, tidy} from "../../src/ops/tf.ts";
import {use} from "../ops/support.ts";
import {countDispatches} from "./support/dispatch-count.ts";

const {adam, dense, key, tf, tree} = ops;
const {forwardForward, labelAsInput, localNetwork} = ops.forwardForward;

beforeAll(() => use("webgpu", {checked: false}));
afterEach(() => enterProfiler(undefined));

const data = ops.datasets.gaussians({n: 16, classes: 8, seed: 5});
const rows = Int32Array.from({length: 16}, (_, i) => i);

/** Answers by a pass for each of eight classes. */
function network(): Layer {
  const blocks = [6, 5].map((units) => dense({units, activation: "relu"}));
  return localNetwork({blocks, rule: forwardForward({labels: labelAsInput()}), classes: 8}) as Layer;
}

function training(): PlannedTraining<Params> {
  const model = network();
  const optimizer = asLayerwise(adam({learningRate: 0.02}));
  const params = model.init(key(0), data.inputShape);
  const state = initTrainState(params, optimizer, model, data.inputShape, key(1));
  tree.dispose(params);
  const feed = feedOf(data);
  const update = makeUpdate(model, feed, {optimizer, task: taskOf(data)});
  return new PlannedTraining({update, optimizer, state, keys: key(2)}, feed, {accumulate: 1, plan: true});
}

async function dispatchesOf(compute: () => void): Promise<number> {
  const counts = await countDispatches(compute);
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

test("a step without figures does not go through the network for answers", async () => {
  const own = training();
  for (let step = 0; step < 3; ++step) own.update(rows, "nothing");
  const quiet = await dispatchesOf(() => own.update(rows, "nothing"));
  expect(own.isReplaying).toBe(true);
  expect(() => own.take(0)).toThrow("Nobody asked");
  const whole = await dispatchesOf(() => own.update(rows, "figures"));
  expect(own.isReplaying).toBe(true);
  expect(whole).toBe(own.report.dispatches);
  expect(quiet).toBeLessThan(0.75 * whole);
  const figures = own.take(0);
  for (const value of await figures.data()) expect(value).toBeGreaterThanOrEqual(0);
  figures.dispose();
  own.dispose();
});

/** What is for the output alone, and what is for the state, are one dispatch together; three tensors of the state go round. */
const together: StepFunction = ([w, v, ...others], [x]) =>
  tidy(() => {
    const [from, other, given] = [w, v, x] as [Tensor, Tensor, Tensor];
    const [a, b] = [tf.sin(from), tf.sin(other)] as [Tensor, Tensor];
    const [c, d] = [tf.cos(given), tf.abs(given)] as [Tensor, Tensor];
    const shown = weightedSum(0.5, b, 0.25, d);
    const next = weightedSum(0.5, a, 0.25, c);
    return {
      state: [tf.square(next), ...[...others, other].map((each) => tf.clone(each as Tensor))],
      outputs: [tf.exp(shown)]
    };
  });

async function stateAfter(steps: number, wantsOutputs: (step: number) => boolean, plan: boolean) {
  const state = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [4, 3, 2, 1],
    [8, 7, 6, 5]
  ].map((values) => tf.tensor1d(values));
  const own = new PackedSteps([{run: together, state}], {plan});
  const counts: number[] = [];
  const shown: number[][] = [];
  for (let step = 0; step < steps; ++step) {
    const values = Float32Array.from({length: 4}, (_, i) => Math.sin(4 * step + i));
    const isWanted = wantsOutputs(step);
    const options = {wantsOutputs: isWanted};
    counts.push(await dispatchesOf(() => own.step([[{values, shape: [4]}]], options)));
    if (!isWanted) continue;
    const output = own.takeOutput(0, 0);
    shown.push([...(await output.data())]);
    output.dispose();
  }
  const after = await Promise.all(own.state(0).map(async (leaf) => [...(await (leaf as Tensor).data())]));
  const {report} = own;
  own.dispose();
  return {after, counts, shown, report};
}

test("a dispatch that is for the state too is done, with the same bits", async () => {
  const before = tf.memory().numTensors;
  const isThird = (step: number) => step % 3 === 2;
  const plain = await stateAfter(7, isThird, false);
  const replayed = await stateAfter(7, isThird, true);
  expect(replayed.report.status).toBe("recorded");
  expect(replayed.after).toEqual(plain.after);
  expect(replayed.shown).toEqual(plain.shown);
  // One for both sums, and three for the output alone where it is wanted.
  expect(replayed.counts.slice(2)).toEqual([7, 4, 4, 7, 4]);
  expect(tf.memory().numTensors).toBe(before);
});

test("a profile has the dispatches that were done, in steps of both ways too", async () => {
  const profileOf = async (...wanted: readonly ("figures" | "nothing")[]) => {
    const own = training();
    for (let step = 0; step < 3; ++step) own.update(rows, "nothing");
    const profile = new Promise<StepProfile>((resolve) =>
      enterProfiler(new Profiler(resolve, {steps: wanted.length, ownLoopMs: 60_000}))
    );
    for (const each of wanted) own.update(rows, each);
    const {kernels} = await profile;
    const {dispatches} = own.report;
    own.dispose();
    return {calls: kernels.reduce((sum, {calls}) => sum + calls, 0), dispatches};
  };
  const whole = await profileOf("figures", "figures", "figures");
  const quiet = await profileOf("nothing", "nothing", "nothing");
  const mixed = await profileOf("nothing", "figures", "figures");
  expect(whole.calls).toBeCloseTo(whole.dispatches as number, 6);
  expect(quiet.calls).toBeLessThan(0.75 * whole.calls);
  expect(mixed.calls).toBeCloseTo((2 * whole.calls + quiet.calls) / 3, 6);
});
