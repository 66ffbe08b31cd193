// Knots of a spline: the ends of its intervals, with `order` further knots beyond each end, so that every interval has
// order + 1 basis functions on it. Rows of one array, a row for each input: [inputs, intervals + 2 order + 1].
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {checkOptionNames} from "../option-names.ts";

/** How a grid of knots of even width is made. */
export interface UniformGrid {
  /** Rows, all the same. 1. */
  readonly inputs?: number;
  /** Intervals between `range`'s ends. */
  readonly intervals: number;
  /** Degree of the splines: 3 for cubic ones. */
  readonly order: number;
  /** Ends of the first and the last interval. [-1, 1]. */
  readonly range?: readonly [number, number];
}

const OPTIONS: Readonly<Record<keyof UniformGrid, true>> = {
  inputs: true,
  intervals: true,
  order: true,
  range: true
};

/**
 * Knots of even width, [inputs, intervals + 2 order + 1]. @throws ArgumentError
 *
 * @example
 * import {uniformKnots} from "petri/kan";
 *
 * display(uniformKnots({intervals: 4, order: 2}));
 */
export function uniformKnots(grid: UniformGrid): Float64Array {
  checkOptionNames("uniformKnots", grid, OPTIONS);
  const {inputs = 1, intervals, order, range = [-1, 1]} = grid;
  checkCount("inputs", inputs);
  checkGrid(intervals, order);
  const [low, high] = range;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new ArgumentError(`range must be two finite numbers, the lower one first, got [${range}].`);
  const interior = Float64Array.from({length: intervals + 1}, (_, i) => between(low, high, i / intervals));
  const row = extendKnots(interior, order);
  const knots = new Float64Array(inputs * row.length);
  for (let i = 0; i < inputs; i++) knots.set(row, i * row.length);
  return knots;
}

/**
 * One row of knots with `order` more beyond each end, at the mean width of its intervals (pykan's extend_grid).
 * @throws ArgumentError unless there are two knots at least, finite and ascending
 */
export function extendKnots(interior: ArrayLike<number>, order: number): Float64Array {
  const intervals = interior.length - 1;
  checkGrid(intervals, order);
  checkAscending(interior);
  const first = interior[0] as number;
  const last = interior[intervals] as number;
  const width = (last - first) / intervals;
  const knots = new Float64Array(knotCount(intervals, order));
  for (let i = 0; i < order; i++) {
    knots[i] = first - (order - i) * width;
    knots[order + intervals + 1 + i] = last + (i + 1) * width;
  }
  knots.set(interior, order);
  return knots;
}

/** Knots of a row: intervals + 2 order + 1. */
export function knotCount(intervals: number, order: number): number {
  return intervals + 2 * order + 1;
}

/** Intervals between the ends of rows of `count` knots. @throws ArgumentError where there is none */
export function intervalCount(count: number, order: number): number {
  checkCount("order", order, 0);
  const intervals = count - 2 * order - 1;
  if (!Number.isInteger(intervals) || intervals < 1)
    throw new ArgumentError(
      `Knots of order ${order} are rows of ${2 * order + 2} at least (intervals + 2 order + 1), got rows of ${count}. ` +
        "uniformKnots and extendKnots make them."
    );
  return intervals;
}

/** @throws ArgumentError unless there are whole numbers of intervals, 1 at least, and of degrees, 0 at least */
export function checkGrid(intervals: number, order: number): void {
  if (!Number.isInteger(intervals) || intervals < 1)
    throw new ArgumentError(
      `A grid needs a whole number of intervals and at least one interval, which is two points, got ${described(intervals)} ` +
        "intervals: pass 3, for example."
    );
  if (!Number.isInteger(order) || order < 0)
    throw new ArgumentError(
      `order must be a whole number of at least 0 (3 makes cubic splines), got ${described(order)}.`
    );
}

function checkAscending(knots: ArrayLike<number>): void {
  for (let i = 0; i < knots.length; i++) {
    const knot = knots[i] as number;
    if (!Number.isFinite(knot) || (i > 0 && knot < (knots[i - 1] as number)))
      throw new ArgumentError(
        `Knots must be finite and ascending, got ${knot} at ${i} after ${i > 0 ? knots[i - 1] : "none"}.`
      );
  }
}

/** Text in quotes: "3" is no 3. */
function described(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The point at `fraction` of the way: `high` itself at 1. */
function between(low: number, high: number, fraction: number): number {
  return fraction === 1 ? high : low + (high - low) * fraction;
}
