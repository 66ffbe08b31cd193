import {decimate} from "./decimate.ts";
import type {RunColumns} from "./types.ts";

/** Aligned columns as uPlot takes them: x first; null where a series has no number. */
export type ChartTable = [number[], ...(number | null)[][]];

/**
 * The curves of some metrics, thinned to what `width` pixels can show. Where steps go back (rewinding), x is the number
 * of the row, since a curve must not fold over itself.
 */
export function chartTable({step, columns}: RunColumns, names: readonly string[], width: number): ChartTable {
  const series = names.map((name) => columns[name] ?? []);
  const rows = decimate(step.length, series, Math.max(1, Math.ceil(width)));
  const ordered = isOrdered(step);
  const x = rows.map((row) => (ordered ? (step[row] as number) : row));
  return [x, ...series.map((column) => rows.map((row) => numberOrNull(column[row])))];
}

function isOrdered(step: ArrayLike<number>): boolean {
  for (let i = 1; i < step.length; ++i) {
    if (!((step[i] as number) >= (step[i - 1] as number))) return false;
  }
  return true;
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** The last number of a column and the row it is in, or null. */
export function lastNumber(column: ArrayLike<number> | undefined): number | null {
  for (let i = (column?.length ?? 0) - 1; i >= 0; --i) {
    const value = column?.[i] as number;
    if (!Number.isNaN(value)) return value;
  }
  return null;
}
