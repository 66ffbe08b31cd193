import {describe, expect, test} from "vitest";
import {kanNetwork} from "../../src/ops/kan/network/create.ts";
import {expandDepth, expandWidth, perturb, swapNodes} from "../../src/ops/kan/network/edit.ts";
import {fitKan} from "../../src/ops/kan/network/fit.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import {pruneEdges} from "../../src/ops/kan/network/prune.ts";
import type {KanLayer} from "../../src/ops/kan/network.ts";
import {randomNumbers} from "./float64.ts";
import {expectNear} from "./kan-support.ts";

const x = Float64Array.from(randomNumbers(8, 60));
const network = kanNetwork({width: [2, [2, 1], 2], grid: 4, arity: 3, seed: 6, noise: 2});
const before = predict(network, x);

describe("a network that is edited", () => {
  test("is wider without computing something else, and learns with what was added", async () => {
    const wide = expandWidth(network, 1, {sum: 1, multiply: 2});
    expect(wide.levels).toEqual([
      {sum: 2, multiply: 0},
      {sum: 3, multiply: 3},
      {sum: 2, multiply: 0}
    ]);
    expect(wide.layers.map(({inputs, outputs}) => [inputs, outputs])).toEqual([
      [2, 12],
      [6, 2]
    ]);
    expectNear(predict(wide, x), before, 1e-15);
    const awake = perturb(wide, {noise: 0.1});
    expect(awake.layers.every(({mask}) => mask.every((each) => each === 1))).toBe(true);
    expect(predict(awake, x)).not.toEqual(before);
    // Edges that were there are what they were.
    const [layer] = awake.layers as [KanLayer];
    expect(layer.coefficients.subarray(0, 14)).toEqual(network.layers[0]?.coefficients.subarray(0, 14));
    const training = fitKan(awake, {inputs: x, targets: before}, {steps: 1, updateGrid: false});
    await training.next();
    const {layers} = training.network;
    expect(layers[1]?.baseScale.every((scale, e) => scale !== awake.layers[1]?.baseScale[e])).toBe(true);
  });

  test("is deeper without computing something else", () => {
    const deep = expandDepth(network);
    expect(deep.levels).toHaveLength(4);
    expect(predict(deep, x)).toEqual(before);
    expect(predict(perturb(deep), x)).not.toEqual(before);
  });

  test("computes the same with nodes that have changed places", () => {
    const swapped = swapNodes(network, 1, 0, 1);
    expect(swapped.layers[0]?.baseScale[0]).toBe(network.layers[0]?.baseScale[1]);
    expectNear(predict(swapped, x), before, 1e-12, 1e-14);
    expect(swapNodes(swapped, 1, 1, 0)).toEqual(network);
  });

  test("gets pruned edges back, and only those", () => {
    const pruned = pruneEdges(network, x, 0.05);
    const gone = pruned.layers.flatMap(({mask}) => [...mask]).filter((each) => each === 0).length;
    expect(gone).toBeGreaterThan(0);
    const back = perturb(pruned, {noise: 0});
    expectNear(predict(back, x), predict(pruned, x), 1e-15);
    expect(back.layers.every(({mask}) => mask.every((each) => each === 1))).toBe(true);
  });

  test.each([
    [() => expandWidth(network, 0, {sum: 1}), /hidden levels, 1 to 1, got 0/],
    [() => expandWidth(network, 2, {sum: 1}), /hidden levels/],
    [() => expandWidth(network, 1, {sum: -1}), /sum must be a whole number/],
    [() => swapNodes(network, 1, 0, 2), /two of a kind/],
    [() => swapNodes(network, 1, 0, 3), /nodes 0 to 2/]
  ])("says what is wrong: %s", (edit, message) => {
    expect(edit).toThrow(message);
  });
});
