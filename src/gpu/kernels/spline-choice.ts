// Which way layers of splines are computed, on each device.
import {isSoftware} from "./autotune.ts";
import type {SplineAttrs} from "./spline-grid.ts";
import type {SplineSizes} from "./spline-twin.ts";

/** `fused`: the bases that are not zero, in registers. `features`: all bases in memory, and products of matrices. */
export type SplineWay = "fused" | "features";

/** Bases of a spline for each one that is not zero at a number. More zeros cost more than products save. */
const MOST_BASES_PER_TERM = 3;
/** Multiplications of a layer below which one dispatch is preferred to several: smaller ones were not measured. */
const MANY_PRODUCTS = 1 << 17;
/** Numbers of all bases: 64 MB, half of what every adapter binds. */
const MOST_FEATURES = 1 << 24;

/**
 * The way for a device, which depends on nothing that is measured: the same bits in every session. Software adapters read a number
 * as slowly as they multiply a dozen; products of matrices use each one often, and make up for multiplying with zeros.
 */
export function splineWayOn(
  device: GPUDevice | undefined,
  {rows, inputs, outputs}: SplineSizes,
  {order, intervals}: Pick<SplineAttrs, "order" | "intervals">
): SplineWay {
  const bases = intervals + order;
  const features = rows * inputs * bases;
  const isWorthIt =
    bases <= MOST_BASES_PER_TERM * (order + 1) &&
    features <= MOST_FEATURES &&
    features * outputs >= MANY_PRODUCTS;
  return device && isSoftware(device) && isWorthIt ? "features" : "fused";
}
