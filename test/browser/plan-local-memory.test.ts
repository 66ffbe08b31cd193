// Networks whose blocks learn apart take memory that does not grow with the blocks, but for their parameters.
import {beforeAll, expect, it} from "vitest";
import {openBackend} from "../../src/gpu/backend.ts";
import {feedOf} from "../../src/ops/core/feed.ts";
import {makeUpdate} from "../../src/ops/core/fit-update.ts";
import type {Layer} from "../../src/ops/core/layer.ts";
import {asLayerwise} from "../../src/ops/core/optimizers/layerwise.ts";
import {PlannedTraining} from "../../src/ops/core/planned-training.ts";
import {taskOf} from "../../src/ops/core/task.ts";
import {initTrainState} from "../../src/ops/core/train-step.ts";
import {ops} from "../../src/ops/index.ts";

const {dense, key, mlp, tree} = ops;
const {forwardForward, labelAsInput, localNetwork, monoForward} = ops.forwardForward;

beforeAll(async () => {
  expect((await openBackend({prefer: "webgpu"})).name).toBe("webgpu");
});

const WIDTH = 128;
const data = ops.datasets.gaussians({n: 16, classes: 3, seed: 5});
const relus = (depth: number) => Array.from({length: depth}, () => dense({units: WIDTH, activation: "relu"}));

const NETWORKS = {
  backprop: (depth: number) => mlp([2, ...relus(depth).map(() => WIDTH), 3]) as Layer,
  "forward-forward": (depth: number) =>
    localNetwork({blocks: relus(depth), rule: forwardForward({labels: labelAsInput()}), classes: 3}) as Layer,
  "mono-forward": (depth: number) =>
    localNetwork({blocks: relus(depth), rule: monoForward(), classes: 3}) as Layer
};

/** Bytes of a recorded step without figures, besides parameters and velocities. */
function bytesOf(model: Layer): number {
  const sgd = ops.sgd({learningRate: 0.01, momentum: 0.9});
  const optimizer = model.learning ? asLayerwise(sgd) : sgd;
  const params = model.init(key(0), data.inputShape);
  const own = tree.leaves<{size: number}>(params as never).reduce((sum, {size}) => sum + 8 * size, 0);
  const state = initTrainState(params, optimizer, model, data.inputShape, key(1));
  tree.dispose(params);
  const feed = feedOf(data);
  const update = makeUpdate(model, feed, {optimizer, task: taskOf(data)});
  const run = {update, optimizer, state, keys: key(2)};
  const training = new PlannedTraining(run, feed, {accumulate: 1, plan: true});
  const rows = Int32Array.from({length: 16}, (_, i) => i);
  for (let step = 0; step < 4; ++step) training.update(rows, "nothing");
  const {report} = training;
  training.dispose();
  expect(report).toMatchObject({status: "recorded"});
  return (report.bytes ?? 0) - own;
}

it("at most a tenth of what backpropagation takes for another layer", () => {
  const slopeOf = (network: (depth: number) => Layer) => (bytesOf(network(5)) - bytesOf(network(3))) / 2;
  const backprop = slopeOf(NETWORKS.backprop);
  // Gradients of a layer alone, not counting what it keeps for them.
  expect(backprop).toBeGreaterThan(4 * WIDTH * WIDTH);
  for (const name of ["forward-forward", "mono-forward"] as const)
    expect(slopeOf(NETWORKS[name]), name).toBeLessThan(0.1 * backprop);
}, 120_000);
