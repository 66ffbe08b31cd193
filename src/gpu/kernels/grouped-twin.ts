// Products of rows with the matrices of their groups in JavaScript, summed in double precision.
import type {Values} from "../kernel.ts";
import {activationSlope, type FusedActivation} from "./activation-grad.ts";
import {ACTIVATE} from "./matmul-twin.ts";

/** Sizes of a product of rows with the matrices of their groups. */
export interface GroupedSizes {
  /** Rows of the result, or of the gradient. */
  m: number;
  /** Numbers of a row of a. */
  inner: number;
  /** Numbers of a row of the result. */
  columns: number;
  groups: number;
}

/** Calls `visit` with the group, the sorted row and the row of a of every row that has both. */
function eachRow(
  offsets: Values,
  rows: Values | undefined,
  {m, groups}: GroupedSizes,
  rowsOfX: number,
  visit: (group: number, row: number, from: number) => void
): void {
  for (let e = 0; e < groups; ++e)
    for (let r = offsets[e] as number; r < Math.min(offsets[e + 1] as number, m); ++r) {
      const from = rows ? (rows[r] as number) : r;
      if (from >= 0 && from < rowsOfX) visit(e, r, from);
    }
}

/** How a product of groups is taken. */
export interface GroupedAttrs {
  activation: FusedActivation;
  /** The matrices are turned: a row of a has as many numbers as they have columns. */
  isTurned: boolean;
  /** a is a gradient, to be multiplied by the slope of this activation at its values `y`. */
  slope: FusedActivation;
}

/** out[row] = activation(a[row's] b[group] + bias[group]), or b turned; zeros for rows of no group. */
export function groupedTwin(
  {a, b, bias, offsets, rows, y}: Readonly<Record<string, Values | undefined>>,
  out: Values,
  sizes: GroupedSizes,
  {isTurned, activation, slope}: GroupedAttrs
): void {
  const {inner, columns} = sizes;
  const [from, weights] = [a as Values, b as Values];
  const sums = new Float64Array(columns);
  const activate = ACTIVATE[activation];
  const sloped = activationSlope(slope);
  out.fill(0);
  eachRow(offsets as Values, rows, sizes, from.length / inner, (e, r, source) => {
    if (bias) sums.set(bias.subarray(e * columns, (e + 1) * columns));
    else sums.fill(0);
    const first = e * inner * columns;
    for (let k = 0; k < inner; ++k) {
      const at = source * inner + k;
      const factor = y ? sloped(from[at] as number, y[at] as number) : (from[at] as number);
      if (isTurned)
        for (let j = 0; j < columns; ++j)
          sums[j] = (sums[j] as number) + factor * (weights[first + j * inner + k] as number);
      else
        for (let j = 0; j < columns; ++j)
          sums[j] = (sums[j] as number) + factor * (weights[first + k * columns + j] as number);
    }
    for (let j = 0; j < columns; ++j) out[r * columns + j] = activate(sums[j] as number);
  });
}

/** kernels[group] = the sum over its rows of a[row's]^T dz, dz = b slope(y); bias[group] = that of dz. */
export function groupedGradTwin(
  {a, b, y, offsets, rows}: Readonly<Record<string, Values | undefined>>,
  [kernels, bias]: Values[],
  sizes: GroupedSizes,
  activation: FusedActivation
): void {
  const {inner, columns, groups} = sizes;
  const [from, upstream] = [a as Values, b as Values];
  const slope = activationSlope(activation);
  const sums = new Float64Array(groups * inner * columns);
  const totals = new Float64Array(groups * columns);
  const dz = new Float64Array(columns);
  eachRow(offsets as Values, rows, sizes, from.length / inner, (e, r, source) => {
    for (let j = 0; j < columns; ++j) {
      const at = r * columns + j;
      dz[j] = y ? slope(upstream[at] as number, y[at] as number) : (upstream[at] as number);
      totals[e * columns + j] = (totals[e * columns + j] as number) + (dz[j] as number);
    }
    for (let i = 0; i < inner; ++i) {
      const factor = from[source * inner + i] as number;
      for (let j = 0, at = (e * inner + i) * columns; j < columns; ++j)
        sums[at + j] = (sums[at + j] as number) + factor * (dz[j] as number);
    }
  });
  kernels?.set(sums);
  bias?.set(totals);
}
