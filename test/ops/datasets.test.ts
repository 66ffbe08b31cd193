import {describe, expect, test} from "vitest";
import {
  circles,
  configureDatasets,
  type Dataset,
  digits,
  gaussians,
  inputSize,
  sha256,
  spirals,
  split,
  subset,
  twoMoons,
  xor
} from "../../src/ops/datasets/index.ts";
import {datasetsFromDisk} from "./digits-source.ts";

const rowOf = (data: Dataset, row: number) =>
  Array.from(data.inputs.subarray(row * inputSize(data), (row + 1) * inputSize(data)));

describe("digits", () => {
  test("says where a damaged file is wrong, and reads the whole one at the next try", async () => {
    configureDatasets({fetchBytes: async () => new TextEncoder().encode("1,2,3\n")});
    await expect(digits()).rejects.toThrow("line 1: expected 64 pixels and a label");
    for (const [at, value] of [
      [3, "x"],
      [5, "17"],
      [64, "10"],
      [64, "1.5"]
    ] as const) {
      const line = new Array(65).fill("1").with(at, value).join();
      configureDatasets({fetchBytes: async () => new TextEncoder().encode(`${line}\n`)});
      await expect(digits()).rejects.toThrow("pixels are whole numbers from 0 to 16");
    }
    datasetsFromDisk();
    const data = await digits();
    expect(data.labels.length).toBe(1797);
    expect(data.inputs.length).toBe(1797 * 64);
    expect(Math.max(...data.inputs)).toBe(1);
    expect(Array.from(data.labels.subarray(0, 5))).toEqual([0, 1, 2, 3, 4]);
    expect(rowOf(data, 0).slice(2, 5)).toEqual([5 / 16, 13 / 16, 9 / 16]);
    expect(data.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(data.attribution).toContain("CC BY 4.0");
  });

  test("has the published count of every class", async () => {
    const counts = new Array(10).fill(0);
    for (const label of (await digits()).labels) ++counts[label];
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });
});

describe("split", () => {
  test("shares the rows out without loss, by its seed", () => {
    const data = twoMoons({n: 50});
    const {train, test: held} = split(data, {test: 0.3, seed: 4});
    expect([train.labels.length, held.labels.length]).toEqual([35, 15]);
    const rows = (each: Dataset) => Array.from(each.labels, (_, i) => rowOf(each, i).join());
    expect([...rows(train), ...rows(held)].sort()).toEqual(rows(data).sort());
    expect(split(data, {test: 0.3, seed: 4}).test.inputs).toEqual(held.inputs);
    expect(split(data, {test: 0.3, seed: 5}).test.inputs).not.toEqual(held.inputs);
  });

  test("refuses shares outside 0 to 1", () => {
    expect(() => split(xor(), {test: 1.2})).toThrow("test must be a number between 0 and 1");
  });
});

describe("problems in the plane", () => {
  test.each([
    ["two moons", twoMoons],
    ["circles", circles],
    ["spirals", spirals],
    ["xor", xor],
    ["gaussians", gaussians]
  ])("%s: balanced classes, the same points for the same seed", (name, make) => {
    const data = make({n: 100, seed: 3});
    expect(data.name).toBe(name);
    expect(data.inputShape).toEqual([2]);
    expect(data.labels.filter((label) => label === 1).length).toBe(50);
    expect(make({n: 100, seed: 3})).toEqual(data);
    expect(make({n: 100, seed: 4}).inputs).not.toEqual(data.inputs);
  });

  test("xor's label is whether the signs are equal", () => {
    const data = xor({n: 200});
    data.labels.forEach((label, i) => {
      const [x = 0, y = 0] = rowOf(data, i);
      expect(x * y >= 0).toBe(label === 1);
    });
  });

  test("circles without noise have their radii", () => {
    const data = circles({n: 20, noise: 0, factor: 0.25});
    data.labels.forEach((label, i) => {
      expect(Math.hypot(...rowOf(data, i))).toBeCloseTo(label === 0 ? 1 : 0.25, 6);
    });
  });

  test("spirals may have more arms", () => {
    expect(new Set(spirals({n: 30, classes: 3}).labels)).toEqual(new Set([0, 1, 2]));
  });

  test.each([
    [{n: 1}, "n must be a whole number of at least 2"],
    [{noise: -1}, "noise must be a number of at least 0"]
  ])("refuses %o", (options, message) => {
    expect(() => twoMoons(options)).toThrow(message);
  });
});

test("subset keeps the rows asked for, in their order", () => {
  const data = twoMoons({n: 10});
  const two = subset(data, [7, 2]);
  expect([rowOf(two, 0), rowOf(two, 1)]).toEqual([rowOf(data, 7), rowOf(data, 2)]);
});

test("sha256 gives the published digest of abc", async () => {
  expect(await sha256(new TextEncoder().encode("abc"))).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  );
});
