// Where numbers lie on the grid of a spline, and which of its bases are not zero there: in JavaScript.
import type {Values} from "../kernel.ts";

/** Degrees of splines that there are kernels for. */
export const MOST_ORDER = 10;

/** The function beside each spline: x sigmoid(x), x, or none. */
export type SplineBase = "silu" | "identity" | "zero";

/** What the kernels are told. */
export interface SplineAttrs {
  /** Degree of the splines, from 1 to 10. */
  order: number;
  base: SplineBase;
  /** Intervals of a grid. */
  intervals: number;
  /** The ends of the uniform grid of all inputs; not read where knots are given. */
  low: number;
  high: number;
}

/** What is not zero at a number: `order + 1` bases side by side, from coefficient `first` on, and their derivatives. */
export interface Window {
  first: number;
  values: Float64Array;
  slopes: Float64Array;
}

/** Memory for a window, and for what it is made of. */
export interface WindowMemory extends Window {
  /** The knots around a number: half of them not above it. */
  near: Float64Array;
}

export function windowMemory(order: number): WindowMemory {
  return {
    first: 0,
    values: new Float64Array(order + 1),
    slopes: new Float64Array(order + 1),
    near: new Float64Array(2 * order)
  };
}

/**
 * Fills `window` for x: the interval that holds it (closed at its lower knot), then the bases by the recursion of Cox and de
 * Boor, each divided difference taken once. Between equal knots a quotient 0/0 is 0. Where x lies outside of the outermost
 * knots all values are 0; where x is no number they are none either.
 * @param knots the layer's [inputs, intervals + 2 order + 1], or undefined for the uniform grid
 */
export function fillWindow(
  window: WindowMemory,
  x: number,
  input: number,
  knots: Values | undefined,
  attrs: SplineAttrs
): void {
  const place = knots ? placeByKnots(window, x, input, knots, attrs) : placeByNumber(window, x, attrs);
  const first = Number.isNaN(x) ? 0 : place.first;
  fillBases(window, place.at, place.scale, attrs.order);
  if (Number.isNaN(x)) window.slopes.fill(NaN);
  const last = attrs.intervals - 1;
  window.first = Math.min(Math.max(first, 0), last);
  shift(window.values, first - window.first);
  shift(window.slopes, first - window.first);
}

interface Place {
  /** Coefficient of the first base, if there are so many below and above. */
  first: number;
  /** The number, in the units of `near`. */
  at: number;
  /** Units of `near` in one of x. */
  scale: number;
}

function placeByNumber({near}: WindowMemory, x: number, {order, intervals, low, high}: SplineAttrs): Place {
  const scale = intervals / (high - low);
  const position = (x - low) * scale;
  const cell = Math.floor(position);
  for (let i = 0; i < 2 * order; ++i) near[i] = i - order + 1;
  return {
    first: Math.min(Math.max(cell, -order - 1), intervals + order),
    at: isFarOff(cell, order, intervals) ? 0 : position - cell,
    scale
  };
}

const isFarOff = (cell: number, order: number, intervals: number) =>
  cell < -order || cell >= intervals + order;

function placeByKnots(
  {near}: WindowMemory,
  x: number,
  input: number,
  knots: Values,
  {order, intervals}: SplineAttrs
): Place {
  const count = intervals + 2 * order + 1;
  const start = input * count;
  // How many knots are not above x.
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((knots[start + middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  const isOutside = low === 0 || low === count;
  const cell = Math.min(Math.max(low - 1, 0), count - 2);
  for (let i = 0; i < 2 * order; ++i) {
    near[i] = knots[start + Math.min(Math.max(cell - order + 1 + i, 0), count - 1)] as number;
  }
  if (!isOutside || Number.isNaN(x)) return {first: cell - order, at: x, scale: 1};
  return {first: low === 0 ? -order - 1 : intervals + order, at: near[order] as number, scale: 1};
}

function fillBases({values, slopes, near}: WindowMemory, at: number, scale: number, order: number): void {
  values[0] = 1;
  for (let degree = 1; degree <= order; ++degree) {
    let saved = 0;
    slopes[0] = 0;
    for (let r = 0; r < degree; ++r) {
      const [left, right] = [near[order - degree + r] as number, near[order + r] as number];
      const share = right > left ? (values[r] as number) / (right - left) : 0 * (values[r] as number);
      values[r] = saved + (right - at) * share;
      saved = (at - left) * share;
      slopes[r] = (slopes[r] as number) - degree * share * scale;
      slopes[r + 1] = degree * share * scale;
    }
    values[degree] = saved;
  }
}

/** Moves values by so many places, up where that is more than 0; what comes in is 0. */
function shift(values: Float64Array, places: number): void {
  if (places === 0) return;
  const size = values.length;
  if (Math.abs(places) >= size) {
    values.fill(0);
    return;
  }
  values.copyWithin(Math.max(places, 0), Math.max(-places, 0), size - Math.max(places, 0));
  if (places > 0) values.fill(0, 0, places);
  else values.fill(0, size + places);
}

/** The function beside the splines. */
export function baseValue(base: SplineBase, x: number): number {
  if (base === "identity") return x;
  // Far below, x sigmoid(x) is 0, and infinity times 0 would be no number.
  return x < -100 ? 0 : x / (1 + Math.exp(-x));
}

export function baseSlope(base: SplineBase, x: number): number {
  if (base === "identity") return 1;
  if (x < -100 || x > 100) return x < 0 ? 0 : 1;
  const sigmoid = 1 / (1 + Math.exp(-x));
  return sigmoid * (1 + x * (1 - sigmoid));
}
