import type {Envelope, Place} from "./envelope.ts";
import type {Extent} from "./extent.ts";
import type {Band} from "./options.ts";
import {smooth} from "./smooth.ts";
import {marksOf, type Trace} from "./traces.ts";

/** Points of the mean line of a group. */
const columns = 400;

interface GroupTraceOptions {
  smoothing: number;
  band: Band;
  /** What is divided into columns. */
  extent: Extent;
  place: Place;
  /** The inverse of `place`. */
  unplace: Place;
}

/**
 * Of several runs: their mean, and how far they lie around it. Between its rows a run is taken as a straight line; where it has
 * ended it no longer counts. The band of least and greatest covers every single value of the runs, smoothed line or not.
 */
export function groupTrace(id: string, curves: readonly Envelope[], options: GroupTraceOptions): Trace {
  const {smoothing, band, extent, place, unplace} = options;
  const [start, end] = extent.map(place) as [number, number];
  const step = (end - start) / (columns - 1) || 1;
  const x = Float64Array.from({length: columns}, (_, i) => unplace(start + i * step));
  const sums = {
    n: new Float64Array(columns),
    y: new Float64Array(columns),
    squares: new Float64Array(columns)
  };
  const low = new Float64Array(columns).fill(Number.NaN);
  const high = new Float64Array(columns).fill(Number.NaN);
  for (const curve of curves) {
    const values = centres(curve, smoothing);
    eachColumn(curve, values, x, (i, y) => {
      sums.n[i] = (sums.n[i] as number) + 1;
      sums.y[i] = (sums.y[i] as number) + y;
      sums.squares[i] = (sums.squares[i] as number) + y * y;
      widen(low, high, i, y, y);
    });
    if (band !== "minmax") continue;
    for (let s = 0; s < curve.length; ++s) {
      const i = Math.round((place(curve.middle(s)) - start) / step);
      if (i >= 0 && i < columns && curve.finite[s])
        widen(low, high, i, curve.low[s] as number, curve.high[s] as number);
    }
  }
  const mean = sums.y.map((sum, i) => sum / (sums.n[i] as number));
  if (band === "std") {
    for (let i = 0; i < columns; ++i) {
      const n = sums.n[i] as number;
      const around = (sums.squares[i] as number) - n * (mean[i] as number) ** 2;
      const deviation = n > 1 ? Math.sqrt(Math.max(0, around) / (n - 1)) : 0;
      low[i] = (mean[i] as number) - deviation;
      high[i] = (mean[i] as number) + deviation;
    }
  }
  return {
    id,
    line: {x, y: mean},
    raw: null,
    band: band === "none" ? null : {x, low, high},
    marks: curves.flatMap(marksOf).sort((a, b) => a.x - b.x),
    reading: {x, y: mean, low: band === "none" ? null : low, high: band === "none" ? null : high}
  };
}

function widen(low: Float64Array, high: Float64Array, i: number, least: number, greatest: number): void {
  if (!((low[i] as number) <= least)) low[i] = least;
  if (!((high[i] as number) >= greatest)) high[i] = greatest;
}

function centres(curve: Envelope, smoothing: number): Float64Array {
  if (smoothing > 0) return smooth(curve, smoothing);
  return Float64Array.from({length: curve.length}, (_, i) => curve.mean(i));
}

/** The value of a curve in each column that it reaches, on straight lines between its stretches. */
function eachColumn(
  curve: Envelope,
  values: Float64Array,
  x: Float64Array,
  visit: (i: number, y: number) => void
): void {
  let s = 0;
  for (let i = 0; i < x.length; ++i) {
    const at = x[i] as number;
    if (
      curve.length === 0 ||
      at < (curve.firstX[0] as number) ||
      at > (curve.lastX[curve.length - 1] as number)
    )
      continue;
    while (s < curve.length - 1 && curve.middle(s + 1) <= at) ++s;
    const [left, right] = [values[s] as number, (values[s + 1] ?? values[s]) as number];
    const [from, to] = [curve.middle(s), s + 1 < curve.length ? curve.middle(s + 1) : at];
    const share = to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0;
    const y = share === 0 ? left : left + share * (right - left);
    if (Number.isFinite(y)) visit(i, y);
  }
}
