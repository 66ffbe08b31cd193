import {expect, test} from "vitest";
import {splineWayOn} from "../../src/gpu/kernels/spline-choice.ts";
import {splineDenseCases} from "./spline-dense-cases.ts";
import {NODE_BACKENDS} from "./support.ts";

for (const backend of NODE_BACKENDS)
  for (const way of ["fused", "features"] as const) splineDenseCases(backend, way);

const deviceOf = (vendor: string, architecture: string) =>
  ({
    adapterInfo: {vendor, architecture, device: "", description: "", isFallbackAdapter: false}
  }) as unknown as GPUDevice;

test("layers with few bases beside those that are not zero are products of matrices on software adapters alone", () => {
  const sizes = {rows: 128, inputs: 784, outputs: 64};
  const software = deviceOf("google", "swiftshader");
  expect(splineWayOn(software, sizes, {order: 3, intervals: 5})).toBe("features");
  expect(splineWayOn(software, sizes, {order: 10, intervals: 5})).toBe("features");
  expect(splineWayOn(deviceOf("nvidia", "hopper"), sizes, {order: 3, intervals: 5})).toBe("fused");
  expect(splineWayOn(undefined, sizes, {order: 3, intervals: 5})).toBe("fused");
  expect(splineWayOn(software, sizes, {order: 3, intervals: 100})).toBe("fused");
  expect(splineWayOn(software, {rows: 8, inputs: 2, outputs: 5}, {order: 3, intervals: 5})).toBe("fused");
  expect(splineWayOn(software, {...sizes, rows: 100_000}, {order: 3, intervals: 5})).toBe("fused");
});
