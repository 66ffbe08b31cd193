import {expect, test} from "vitest";
import {extentOfY} from "../../../src/cells/curves/scale.ts";
import type {Trace} from "../../../src/cells/curves/traces.ts";

const trace = (...y: number[]) =>
  ({line: {x: y.map((_, i) => i), y}, raw: null, band: null}) as unknown as Trace;

test.each([
  ["over all magnitudes", [5e-324, 1, 1.7e308], true],
  ["upwards", [0, 1, 1.7e308], false],
  ["to both sides", [-1.7e308, 1, 1.7e308], false]
])("the axis of a run that diverged %s has ends, and a length", (_, values, log) => {
  const [low, high] = extentOfY([trace(...values)], [0, 2], log);
  expect(high - low).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(low).toBeLessThan(1);
  expect(high).toBeGreaterThan(1);
  if (log) expect(low).toBeGreaterThan(0);
});

test("a logarithmic axis has the same air at both ends", () => {
  const [low, high] = extentOfY([trace(0.01, 100)], [0, 1], true);
  expect(Math.log10(low)).toBeCloseTo(-2.16);
  expect(Math.log10(high)).toBeCloseTo(2.16);
});
