import {beforeAll, expect, test} from "vitest";
import type {Layer} from "../../src/ops/core/layer.ts";
import type {Params} from "../../src/ops/core/tree.ts";
import {ops} from "../../src/ops/index.ts";
import type {Tensor} from "../../src/ops/tf.ts";
import {charTransformer, lenet5} from "../../src/ops/zoo/index.ts";
import {use} from "../ops/support.ts";
import {countDispatches} from "./support/dispatch-count.ts";

const {tf} = ops;

beforeAll(() => use("webgpu"));

/** Dispatches of the loss of a batch and its gradient by all parameters. */
async function dispatchesOf(model: Layer, x: Tensor, classes: number): Promise<Map<string, number>> {
  const params = model.init(ops.key(0), x.shape.slice(1));
  const positions = model.outputShape ? model.outputShape(x.shape.slice(1)).slice(0, -1) : [];
  const examples = positions.reduce((product, dim) => product * dim, x.shape[0] as number);
  const labels = tf.tensor1d(
    Array.from({length: examples}, (_, i) => i % classes),
    "int32"
  );
  const loss = (at: Params) =>
    ops.softmaxCrossEntropy(tf.reshape(model.apply(at, x, {training: true}), [-1, classes]), labels);
  const counts = await countDispatches(() => tf.tidy(() => void ops.valueAndGrad(loss)(params)));
  ops.tree.dispose(params);
  labels.dispose();
  return counts;
}

const total = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

test("LeNet-5: a dispatch for each layer forward, and at most two back", async () => {
  const x = tf.zeros([4, 28, 28, 1]);
  const counts = await dispatchesOf(lenet5(), x, 10);
  x.dispose();
  expect(counts.get("PetriConv2d")).toBe(2);
  expect(counts.get("PetriConv2dKernelGrad")).toBe(2);
  expect(counts.get("PetriConv2dInputGrad")).toBe(1);
  expect([counts.get("PetriMaxPool"), counts.get("PetriMaxUnpool")]).toEqual([2, 2]);
  expect(total(counts), JSON.stringify([...counts])).toBeLessThanOrEqual(20);
});

test("a block of a char transformer: 11 dispatches forward and 18 back", async () => {
  const x = tf.zeros([2, 8], "int32");
  const sizes = {vocabulary: 11, features: 16, heads: 2};
  const one = await dispatchesOf(charTransformer({...sizes, layers: 1}), x, 11);
  const three = await dispatchesOf(charTransformer({...sizes, layers: 3}), x, 11);
  x.dispose();
  expect((total(three) - total(one)) / 2, JSON.stringify([...three])).toBeLessThanOrEqual(29);
});
