import {type Extent, join} from "./extent.ts";
import type {Path, Trace} from "./traces.ts";

/** The part of y that the traces cover within a range of x, with a little air; for a logarithmic axis of what is above 0. */
export function extentOfY(traces: readonly Trace[], x: Extent, log: boolean): Extent {
  let all: Extent | null = null;
  for (const {line, raw, band} of traces) {
    for (const path of [line, raw, band && {x: band.x, y: band.low}, band && {x: band.x, y: band.high}]) {
      if (path) all = join(all, extentOfPath(path, x, log));
    }
  }
  return withAir(all, log);
}

function extentOfPath(path: Path, [from, to]: Extent, log: boolean): Extent | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < path.y.length; ++i) {
    const y = path.y[i] as number;
    if (!Number.isFinite(y) || (log && y <= 0)) continue;
    const isNear = (path.x[i] as number) >= from && (path.x[i] as number) <= to;
    if (!isNear) continue;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return low <= high ? [low, high] : null;
}

/** Two ends that are no further from 0 have a distance that is a number. */
const furthest = Number.MAX_VALUE / 2;

function withAir(extent: Extent | null, log: boolean): Extent {
  if (!extent) return log ? [0.1, 1] : [0, 1];
  const [low, high] = extent;
  if (log) {
    // In powers: the greatest by the least is more than a number can be when a run diverged to the end.
    const air = high > low ? 10 ** ((Math.log10(high) - Math.log10(low)) * 0.04) : 2;
    return [Math.max(low / air, Number.MIN_VALUE), Math.min(high * air, Number.MAX_VALUE)];
  }
  const air = (high - low || Math.abs(high) || 1) * 0.05;
  // A share stays within 0 and 1, and what is never negative stays above.
  const least = low >= 0 ? Math.max(0, low - air) : low - air;
  const most = low >= 0 && high <= 1 && high > 0.5 ? Math.min(1, high + air) : high + air;
  return low < 0
    ? [Math.max(least, -furthest), Math.min(most, furthest)]
    : [least, Math.min(most, 2 * furthest)];
}
