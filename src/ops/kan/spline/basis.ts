// B-spline basis functions in float64. `basisAt` computes the order + 1 of them that are not zero at a point, without an
// allocation; `splineBasis` and `splineBasisSlopes` write whole matrices of them down.
import {ShapeError} from "../../core/errors.ts";
import {intervalCount} from "./knots.ts";

/**
 * The basis functions of one row of knots at a point, by de Boor's triangle. Writes order + 1 neighbouring ones into
 * `values` (from 0), and their derivatives into `slopes` where it is given; returns the index of the first of them, which
 * is always in [0, intervals - 1]: all others are zero. Outside the extended knots everything is zero. Intervals are
 * half open, the derivative at a knot is the one from its right.
 *
 * A function beside a place where order or more knots coincide is zero, as in pykan: no 0 / 0, no NaN.
 *
 * @param knots ascending; the row is knots[from] to knots[from + count - 1], count = intervals + 2 order + 1
 */
export function basisAt(
  x: number,
  knots: Float64Array,
  from: number,
  count: number,
  order: number,
  values: Float64Array,
  slopes?: Float64Array
): number {
  const interval = intervalAt(x, knots, from, count);
  if (interval < 0) {
    values.fill(0, 0, order + 1);
    slopes?.fill(0, 0, order + 1);
    return 0;
  }
  triangle(x, knots, from, from + count - 1, from + interval, order, values, slopes);
  return placed(interval, count, order, values, slopes);
}

/**
 * As `basisAt`, the derivatives of that many `times`: those of degree order - times, taken `times` times. Beyond the
 * order they are zero.
 */
export function basisDerivativesAt(
  x: number,
  knots: Float64Array,
  from: number,
  count: number,
  order: number,
  times: number,
  values: Float64Array
): number {
  const interval = intervalAt(x, knots, from, count);
  if (interval < 0 || times > order) {
    values.fill(0, 0, order + 1);
    return interval < 0 ? 0 : placed(interval, count, order, values);
  }
  const [end, at] = [from + count - 1, from + interval];
  triangle(x, knots, from, end, at, order - times, values, undefined);
  for (let degree = order - times + 1; degree <= order; degree++)
    differentiate(knots, from, end, at, degree, values);
  return placed(interval, count, order, values);
}

/** Moves the functions from interval - order on so that the first exists and order more after it do; gives its index. */
function placed(
  interval: number,
  count: number,
  order: number,
  values: Float64Array,
  slopes?: Float64Array
): number {
  const first = interval - order;
  const start = Math.max(0, Math.min(first, count - 2 * order - 2));
  if (start !== first) {
    shift(values, order, start - first);
    if (slopes) shift(slopes, order, start - first);
  }
  return start;
}

/** From the functions of one degree less to the derivatives of those of `degree`. */
function differentiate(
  knots: Float64Array,
  start: number,
  end: number,
  at: number,
  degree: number,
  values: Float64Array
): void {
  let before = 0;
  for (let r = 0; r < degree; r++) {
    const left = at + 1 - degree + r;
    const right = at + 1 + r;
    const isThere = left >= start && right <= end;
    const share = isThere ? (values[r] as number) / ((knots[right] as number) - (knots[left] as number)) : 0;
    values[r] = degree * (before - share);
    before = share;
  }
  values[degree] = degree * before;
}

/** The interval of a row with knots[from + i] <= x < knots[from + i + 1]; -1 outside, and for NaN. */
export function intervalAt(x: number, knots: Float64Array, from: number, count: number): number {
  const low = knots[from] as number;
  const high = knots[from + count - 1] as number;
  if (!(x >= low && x < high)) return -1;
  // Right at once where the knots are of even width, but for a point beside a knot.
  const guess = Math.floor(((x - low) / (high - low)) * (count - 1));
  if (x >= (knots[from + guess] as number) && x < (knots[from + guess + 1] as number)) return guess;
  let [below, above] = [0, count - 1];
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (x < (knots[from + middle] as number)) above = middle;
    else below = middle;
  }
  return below;
}

/** The triangle's last row for interval `at`: functions at - order to at, those that do not exist as whatever came out. */
function triangle(
  x: number,
  knots: Float64Array,
  start: number,
  end: number,
  at: number,
  order: number,
  values: Float64Array,
  slopes: Float64Array | undefined
): void {
  values[0] = 1;
  if (order === 0) slopes?.fill(0, 0, 1);
  for (let degree = 1; degree <= order; degree++) {
    let carried = 0;
    let carriedSlope = 0;
    for (let r = 0; r < degree; r++) {
      const left = at + 1 - degree + r;
      const right = at + 1 + r;
      let share = 0;
      if (left >= start && right <= end) {
        const [l, u] = [knots[left] as number, knots[right] as number];
        share = (values[r] as number) / (u - l);
        values[r] = carried + (u - x) * share;
        carried = (x - l) * share;
      } else {
        values[r] = carried;
        carried = 0;
      }
      if (slopes && degree === order) {
        slopes[r] = order * (carriedSlope - share);
        carriedSlope = share;
      }
    }
    values[degree] = carried;
    if (slopes && degree === order) slopes[order] = order * carriedSlope;
    dropBesideCoinciding(knots, start, end, at, degree, values, degree === order ? slopes : undefined);
  }
}

function dropBesideCoinciding(
  knots: Float64Array,
  start: number,
  end: number,
  at: number,
  degree: number,
  values: Float64Array,
  slopes: Float64Array | undefined
): void {
  if (at - degree >= start && knots[at - degree] === knots[at]) {
    values[0] = 0;
    if (slopes) slopes[0] = 0;
  }
  if (at + 1 + degree <= end && knots[at + 1 + degree] === knots[at + 1]) {
    values[degree] = 0;
    if (slopes) slopes[degree] = 0;
  }
}

/** Moves order + 1 entries by `by` places, those that fall off forgotten, zeros behind them. */
function shift(values: Float64Array, order: number, by: number): void {
  if (by > 0) {
    for (let i = 0; i <= order; i++) values[i] = i + by <= order ? (values[i + by] as number) : 0;
  } else {
    for (let i = order; i >= 0; i--) values[i] = i + by >= 0 ? (values[i + by] as number) : 0;
  }
}

/**
 * Every basis function at every sample: x [samples, inputs], knots [inputs, intervals + 2 order + 1] give
 * [samples, inputs, intervals + order]. @throws ShapeError, ArgumentError
 *
 * @example
 * import {splineBasis, uniformKnots} from "petri/kan";
 *
 * const x = Float64Array.from({length: 201}, (_, i) => i / 100 - 1);
 * const values = splineBasis(x, uniformKnots({intervals: 4, order: 3}), 1, 3);
 * const points = Array.from(values, (value, i) => ({x: x[Math.floor(i / 7)], value, basis: i % 7}));
 * display(Plot.lineY(points, {x: "x", y: "value", z: "basis", stroke: "basis"}).plot({height: 160}));
 */
export function splineBasis(
  x: Float64Array,
  knots: Float64Array,
  inputs: number,
  order: number
): Float64Array {
  return wholeBasis(x, knots, inputs, order, false);
}

/** The derivatives of `splineBasis` by x, of the same shape. @throws ShapeError, ArgumentError */
export function splineBasisSlopes(
  x: Float64Array,
  knots: Float64Array,
  inputs: number,
  order: number
): Float64Array {
  return wholeBasis(x, knots, inputs, order, true);
}

function wholeBasis(
  x: Float64Array,
  knots: Float64Array,
  inputs: number,
  order: number,
  isSlope: boolean
): Float64Array {
  const count = knots.length / inputs;
  const width = intervalCount(count, order) + order;
  if (x.length % inputs !== 0)
    throw new ShapeError(
      `x must be [samples, ${inputs}] as the knots have ${inputs} rows, got ${x.length} numbers.`
    );
  const all = new Float64Array(x.length * width);
  const values = new Float64Array(order + 1);
  const slopes = isSlope ? new Float64Array(order + 1) : undefined;
  for (let s = 0; s < x.length; s++) {
    const first = basisAt(x[s] as number, knots, (s % inputs) * count, count, order, values, slopes);
    all.set(slopes ?? values, s * width + first);
  }
  return all;
}
