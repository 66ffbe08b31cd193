import type {Envelope} from "./envelope.ts";
import {smooth} from "./smooth.ts";

/** Points to join by lines; a NaN in y leaves a gap. */
export interface Path {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

/** A value that is not finite: a NaN at the foot of the chart, an infinity at its edge. */
export interface Mark {
  x: number;
  /** Bits of `oddValues`. */
  odd: number;
}

/** What is drawn of a run or group in one chart. */
export interface Trace {
  id: string;
  line: Path;
  /** The values behind a smoothed line; null when they are the line. */
  raw: Path | null;
  /** From low to high around the line. */
  band: {x: ArrayLike<number>; low: ArrayLike<number>; high: ArrayLike<number>} | null;
  marks: Mark[];
  /** What is read off at a place: the drawn value, and the least and greatest that it stands for. */
  reading: Reading;
}

export interface Reading {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  low: ArrayLike<number> | null;
  high: ArrayLike<number> | null;
}

/** Of one run: all that its stretches have, from least to greatest, and the smoothed line where it is asked for. */
export function runTrace(id: string, curve: Envelope, smoothing: number): Trace {
  const raw = rawPath(curve);
  const marks = marksOf(curve);
  const {length, low, high} = curve;
  const part = (column: Float64Array) => column.subarray(0, length);
  const last = part(curve.lastX);
  const values =
    smoothing === 0 ? Float64Array.from({length}, (_, i) => curve.mean(i)) : smooth(curve, smoothing);
  const reading = {x: part(curve.firstX), y: values, low: part(low), high: part(high)};
  if (smoothing === 0) return {id, line: raw, raw: null, band: null, marks, reading};
  return {id, line: {x: last, y: values}, raw, band: null, marks, reading};
}

/** A stretch of one row is a point, one of several a stroke from its least to its greatest value. */
function rawPath(curve: Envelope): Path {
  const x = new Float64Array(2 * curve.length);
  const y = new Float64Array(2 * curve.length);
  let n = 0;
  let before = Number.NaN;
  for (let i = 0; i < curve.length; ++i) {
    const [low, high] = [curve.low[i] as number, curve.high[i] as number];
    const at = curve.middle(i);
    if (low === high || Number.isNaN(low)) {
      x[n] = at;
      y[n++] = low;
      before = low;
      continue;
    }
    // The nearer end comes first: a curve that falls goes on falling.
    const isRising = Math.abs(before - low) <= Math.abs(before - high);
    x[n] = at;
    y[n++] = isRising ? low : high;
    x[n] = at;
    y[n++] = isRising ? high : low;
    before = y[n - 1] as number;
  }
  return {x: x.subarray(0, n), y: y.subarray(0, n)};
}

/** Where values are not finite. */
export function marksOf(curve: Envelope): Mark[] {
  const marks: Mark[] = [];
  for (let i = 0; i < curve.length; ++i) {
    const odd = curve.odd[i] as number;
    if (odd) marks.push({x: curve.middle(i), odd});
  }
  return marks;
}
