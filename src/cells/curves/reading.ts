import type {Reading} from "./traces.ts";

/** What a curve says at a place. */
export interface Value {
  y: number;
  /** Least and greatest that y stands for; null where y is all there is. */
  around: readonly [low: number, high: number] | null;
}

/** The value at x, or at the last place before it; null before the curve's start and where it has ended. */
export function valueAt({x, y, low, high}: Reading, at: number): Value | null {
  let [from, to] = [0, x.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((x[middle] as number) <= at) from = middle + 1;
    else to = middle;
  }
  let i = from - 1;
  if (i < 0) return null;
  const last = x[x.length - 1] as number;
  // Some curves have a value only now and then: the last one holds for as long as those before it did.
  const pause = x.length > 1 ? (last - (x[0] as number)) / (x.length - 1) : Number.POSITIVE_INFINITY;
  if (at > last + 1.5 * pause) return null;
  while (i > 0 && Number.isNaN(y[i])) --i;
  if (Number.isNaN(y[i])) return null;
  const [least, greatest] = [low?.[i], high?.[i]];
  const isRange = least !== undefined && greatest !== undefined && least < greatest;
  return {y: y[i] as number, around: isRange ? [least, greatest] : null};
}

/** The last value. */
export function lastValue(reading: Reading): Value | null {
  return valueAt(reading, (reading.x[reading.x.length - 1] as number | undefined) ?? Number.NaN);
}
