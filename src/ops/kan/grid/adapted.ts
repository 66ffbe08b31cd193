// Knots that follow the samples: as many samples in every interval, or intervals of even width, or a blend of both.
import {ArgumentError, checkNumber, ShapeError} from "../../core/errors.ts";
import {checkOptionNames} from "../option-names.ts";
import {extendKnots, intervalCount} from "../spline/knots.ts";
import {checkFinite} from "../spline/least-squares.ts";

/** What `adaptedKnots` takes. */
export interface AdaptedGrid {
  /** Samples of each input, [samples, inputs]. */
  readonly x: Float64Array;
  /** The knots until now, [inputs, intervals + 2 order + 1]. */
  readonly knots: Float64Array;
  readonly inputs: number;
  readonly order: number;
  /** Share of even width in the new knots: 1 is uniform, 0 has the same number of samples in all intervals. 0.02. */
  readonly blend?: number;
  /** Intervals of the new knots. As many as now. */
  readonly intervals?: number;
}

const OPTIONS: Readonly<Record<keyof AdaptedGrid, true>> = {
  x: true,
  knots: true,
  inputs: true,
  order: true,
  blend: true,
  intervals: true
};

/** A range of samples that is less than this share of their size is rounding, not a range. */
const LEAST_RANGE = 1e-10;

/** Knots this near to each other could not be divided by their distance. */
const LEAST_WIDTH = 1e-290;

/**
 * New knots from the first to the last sample of each input, as pykan's update_grid_from_samples takes them. An
 * input whose samples are all the same tells nothing about a range: its range stays. @throws ShapeError, ArgumentError
 *
 * @example
 * import {adaptedKnots, uniformKnots} from "petri/kan";
 *
 * // Most samples lie near 0, and so do the new knots.
 * const x = Float64Array.from({length: 100}, (_, i) => (i / 50 - 1) ** 3);
 * const knots = uniformKnots({intervals: 5, order: 3});
 * display(adaptedKnots({x, knots, inputs: 1, order: 3, blend: 0.1}));
 */
export function adaptedKnots(grid: AdaptedGrid): Float64Array {
  checkOptionNames("adaptedKnots", grid, OPTIONS);
  const {x, knots, inputs, order, blend = 0.02, intervals} = grid;
  const count = knots.length / inputs;
  const now = intervalCount(count, order);
  checkNumber("blend", blend, 0, 1);
  if (x.length === 0 || x.length % inputs !== 0)
    throw new ShapeError(
      `x must be [samples, ${inputs}] with a sample at least to take knots from, got ${x.length} numbers.`
    );
  checkFinite("x", x);
  const rows = Array.from({length: inputs}, (_, i) => {
    const row = knots.subarray(i * count, (i + 1) * count);
    const interior = blended(sortedColumn(x, inputs, i), intervals ?? now, blend);
    return interior ? extendKnots(interior, order) : refinedRow(row, order, intervals ?? now);
  });
  return joined(rows);
}

/**
 * The same ranges in `intervals` intervals, their knots as dense as those until now: the row's knots, taken as a
 * piecewise linear curve, at even steps (pykan's refine). @throws ArgumentError
 */
export function refinedKnots({
  knots,
  inputs,
  order,
  intervals
}: {
  readonly knots: Float64Array;
  readonly inputs: number;
  readonly order: number;
  readonly intervals: number;
}): Float64Array {
  const count = knots.length / inputs;
  intervalCount(count, order);
  if (!Number.isInteger(intervals) || intervals < 1)
    throw new ArgumentError(`intervals must be a whole number of at least 1, got ${intervals}.`);
  return joined(
    Array.from({length: inputs}, (_, i) =>
      refinedRow(knots.subarray(i * count, (i + 1) * count), order, intervals)
    )
  );
}

function refinedRow(row: Float64Array, order: number, intervals: number): Float64Array {
  const now = intervalCount(row.length, order);
  if (intervals === now) return row.slice();
  const interior = Float64Array.from({length: intervals + 1}, (_, i) => {
    const place = (i * now) / intervals;
    const before = Math.min(Math.floor(place), now - 1);
    const low = row[order + before] as number;
    const high = row[order + before + 1] as number;
    const share = place - before;
    return share === 1 ? high : low + (high - low) * share;
  });
  return extendKnots(interior, order);
}

/** Interior knots from samples in order; undefined where they have no range. */
function blended(samples: Float64Array, intervals: number, blend: number): Float64Array | undefined {
  const first = samples[0] as number;
  const last = samples[samples.length - 1] as number;
  const least = Math.max(LEAST_RANGE * Math.max(Math.abs(first), Math.abs(last)), LEAST_WIDTH);
  if (!(last - first > least)) return undefined;
  const width = (last - first) / intervals;
  const step = samples.length / intervals;
  return Float64Array.from({length: intervals + 1}, (_, i) => {
    const adaptive = i === intervals ? last : (samples[Math.floor(step * i)] as number);
    return i === intervals ? last : blend * (first + width * i) + (1 - blend) * adaptive;
  });
}

function sortedColumn(x: Float64Array, inputs: number, column: number): Float64Array {
  return Float64Array.from({length: x.length / inputs}, (_, s) => x[s * inputs + column] as number).sort();
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const width = (rows[0] as Float64Array).length;
  const all = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    all.set(row, i * width);
  });
  return all;
}
