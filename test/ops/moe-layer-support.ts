import {expect} from "vitest";
import type {Context, Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {expectTrueGradients} from "./finite-differences.ts";

const {tf} = ops;

/** Random tokens, and for each its numbers turned about and bent: what a mixture of experts can learn. */
export function bentTokens(inputShape: readonly number[], rows = 96): Dataset {
  const size = rows * inputShape.reduce((product, dim) => product * dim, 1);
  const inputs = ops.key(11).normal(size);
  const features = inputShape.at(-1) as number;
  const targets = inputs.map((value, i) => {
    const next = inputs[i - (i % features) + ((i + 1) % features)] as number;
    return next > 0 ? Math.tanh(value + next) : -0.5 * value;
  });
  const shape = [...inputShape];
  return {
    name: "bent tokens",
    inputs,
    inputShape: shape,
    labels: new Int32Array(),
    classes: 0,
    targets,
    targetShape: shape
  };
}

/** Milliseconds for a training: software adapters compile the kernels of its steps for half a minute. */
export const SLOW = 90_000;

interface Learning {
  steps?: number;
  learningRate?: number;
  /** The largest share of the first error that may be left. */
  left?: number;
}

/** Trains with `fit` and fails unless the error of the whole data falls, and unless webgpu replays the steps, of which it takes fewer. */
export async function expectLearns(
  layer: Layer,
  inputShape: readonly number[],
  {steps = 60, learningRate = 0.02, left = 0.7}: Learning = {}
): Promise<void> {
  const isSlow = tf.getBackend() === "webgpu";
  const data = bentTokens(inputShape);
  const params = layer.init(ops.key(3), inputShape);
  const first = await ops.evaluate(layer, params, data);
  const training = ops.fit(layer, data, {
    steps: isSlow ? Math.min(steps, 30) : steps,
    batchSize: 32,
    params,
    key: ops.key(4),
    optimizer: ops.adam({learningRate})
  });
  for await (const row of training) expect(Number.isFinite(row.loss)).toBe(true);
  const last = await ops.evaluate(layer, training.params, data, {modelState: training.state.modelState});
  const {plan} = training;
  training.dispose();
  ops.tree.dispose(params);
  expect(last.loss).toBeLessThan((isSlow ? 0.95 : left) * first.loss);
  if (isSlow) expect(plan).toMatchObject({status: "recorded"});
}

/** Checks all derivatives of a layer at parameters that are away from their beginnings. */
export async function expectTrueLayer(
  layer: Layer,
  shape: readonly number[],
  {
    context,
    adjust = (params) => params,
    seed = 1
  }: {context?: Context; adjust?: (params: Params) => Params; seed?: number} = {}
): Promise<void> {
  const x = ops.random.normal(ops.key(seed), [3, ...shape]);
  const shaken = ops.tree.map(
    (leaf: Tensor, name) => tf.add(leaf, ops.random.normal(ops.key(name.length), leaf.shape, 0, 0.2)),
    layer.init(ops.key(2), shape)
  );
  const at = {x, params: adjust(shaken)};
  await expectTrueGradients(({x, params}: typeof at) => layer.apply(params, x, context), at, {
    together: tf.getBackend() === "webgpu"
  });
}

/** The losses that a layer adds while training. */
export async function addedLosses(
  layer: Layer,
  params: Params,
  x: Tensor,
  context: Context = {}
): Promise<number[]> {
  const added: Tensor[] = [];
  layer.apply(params, x, {training: true, key: ops.key(0), ...context, addLoss: (loss) => added.push(loss)});
  return Promise.all(added.map(async (loss) => (await loss.data())[0] as number));
}
