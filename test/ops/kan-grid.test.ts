import {describe, expect, test} from "vitest";
import {adaptedKnots, refinedKnots} from "../../src/ops/kan/grid/adapted.ts";
import {refitted} from "../../src/ops/kan/grid/refitted.ts";
import {updatedGrid} from "../../src/ops/kan/grid/updated.ts";
import {extendKnots, uniformKnots} from "../../src/ops/kan/spline/knots.ts";
import {expectNear, float64, kanFixture} from "./kan-support.ts";

describe("knots", () => {
  test("go on beyond their ends at their mean width", () => {
    const {inputs, outputs} = kanFixture("extend-grid-k3");
    const knots = float64(inputs.knots);
    const rows = [0, 1, 2].flatMap((i) => [...extendKnots(knots.subarray(i * 5, i * 5 + 5), 3)]);
    expectNear(rows, float64(outputs.grid), 1e-13, 1e-13);
  });
});

describe("a grid from samples", () => {
  test.each(["eps002", "eps002-k1", "eps05-k2", "mode-grid"])("is pykan's: %s", (name) => {
    const {params, inputs, outputs} = kanFixture(`kanlayer-update-grid-${name}`);
    const {in_dim, out_dim, k, grid_eps, mode} = params as Record<string, number>;
    const updated = updatedGrid({
      x: float64(inputs.x),
      knots: float64(inputs.grid),
      coefficients: float64(inputs.coef),
      inputs: in_dim as number,
      outputs: out_dim as number,
      order: k as number,
      blend: grid_eps as number,
      at: String(mode) === "grid" ? "grid" : "samples"
    });
    expectNear(updated.knots, float64(outputs.grid), 1e-12);
    expectNear(updated.coefficients, float64(outputs.coef));
  });
});

describe("a grid from samples that say little", () => {
  const order = 3;
  const knots = uniformKnots({inputs: 2, intervals: 4, order});
  const coefficients = Float64Array.from({length: 14}, (_, i) => Math.sin(i));
  const update = (x: number[]) =>
    updatedGrid({x: Float64Array.from(x), knots, coefficients, inputs: 2, outputs: 1, order});

  test("keeps the splines of an input that never changes, to the last bit", () => {
    const updated = update([0.3, -1, 0.3, 0, 0.3, 0.5, 0.3, 1]);
    expect(updated.knots.subarray(0, 11)).toEqual(knots.subarray(0, 11));
    expect(updated.coefficients.subarray(0, 7)).toEqual(coefficients.subarray(0, 7));
    expect(updated.knots.subarray(11)).not.toEqual(knots.subarray(11));
  });

  test.each([
    ["one sample", [0.1, 0.2]],
    ["two samples", [0, 0, 1, 1]],
    ["samples of two values", [0, 0, 0, 1, 1, 0, 1, 1, 0, 0]],
    ["samples outside the grid", [40, 1e9, 50, 2e9, 60, -1e9]],
    ["samples that differ by rounding only", [1, 0, 1 + 2 ** -52, 1e-300, 1, 0]]
  ])("is finite for %s", (_, x) => {
    const updated = update(x);
    expect([...updated.knots, ...updated.coefficients].every(Number.isFinite)).toBe(true);
    for (let i = 1; i < 11; i++)
      expect(updated.knots[i] as number).toBeGreaterThan(updated.knots[i - 1] as number);
  });

  test("is refused without samples, with NaN, and with a blend beyond one", () => {
    expect(() => update([])).toThrow(/a sample at least/);
    expect(() => update([0, Number.NaN, 1, 2])).toThrow(/x must hold finite numbers only, got NaN at 1/);
    const options = {x: Float64Array.of(0, 1), knots, inputs: 2, order};
    expect(() => adaptedKnots({...options, blend: 1.5})).toThrow(/blend must be a number between 0 and 1/);
  });
});

describe("a finer grid", () => {
  test("keeps a network's curves: the first layer of pykan's refine", () => {
    const {inputs, outputs} = kanFixture("kan-refine-3-to-10");
    const knots = float64(inputs.grid_0);
    const newKnots = refinedKnots({knots, inputs: 2, order: 3, intervals: 10});
    expectNear(newKnots, float64(outputs.grid_0), 1e-12);
    const coefficients = refitted({
      x: float64(inputs.x),
      knots,
      coefficients: float64(inputs.coef_0),
      newKnots,
      inputs: 2,
      outputs: 3,
      order: 3
    });
    expectNear(coefficients, float64(outputs.coef_0));
  });
});
