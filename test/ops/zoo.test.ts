import {expect, test} from "vitest";
import {ops} from "../../src/ops/index.ts";
import {NODE_BACKENDS, use} from "./support.ts";
import {zooCases} from "./zoo-cases.ts";

for (const backend of NODE_BACKENDS) zooCases(backend);

test("the lottery ticket paper's networks have its parameters for CIFAR-10", async () => {
  await use("cpu");
  const {conv2, conv4, conv6, describe} = ops.zoo;
  const counts = [conv2(), conv4(), conv6()].map((model) => describe(model, [32, 32, 3]).params);
  expect(counts).toEqual([4_301_642, 2_425_930, 2_262_602]);
});

test("a table of layers says where each is, what comes out, and its parameters and operations", async () => {
  await use("cpu");
  const {layers, params, flops} = ops.zoo.describe(ops.zoo.lenet5(), [28, 28, 1]);
  const rows = layers.map((row) => [row.path, row.outputShape.join("x"), row.params]);
  expect(rows).toEqual([
    ["conv2d1", "28x28x6", 156],
    ["maxPool2d1", "14x14x6", 0],
    ["conv2d2", "10x10x16", 2416],
    ["maxPool2d2", "5x5x16", 0],
    ["flatten1", "400", 0],
    ["dense1", "120", 48_120],
    ["dense2", "84", 10_164],
    ["dense3", "10", 850]
  ]);
  expect(params).toBe(61_706);
  // Two a multiplication: 784 x 25 x 6, 100 x 25 x 6 x 16, 400 x 120, 120 x 84, 84 x 10.
  const products = 2 * (784 * 150 + 100 * 2400 + 48_000 + 10_080 + 840);
  expect(layers.filter(({params}) => params > 0).reduce((sum, row) => sum + row.flops, 0)).toBe(products);
  expect(flops).toBeGreaterThanOrEqual(products);
});
