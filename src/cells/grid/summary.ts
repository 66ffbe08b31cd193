import type {ColumnSummary} from "../../tables/view-types.ts";
import {plainText} from "./format.ts";
import {stride} from "./slices.ts";
import type {GridColumn} from "./source.ts";

/** Bins of a histogram: about two pixels a bin in a narrow column. */
export const bins = 24;
/** Most frequent values that are named. */
const topCount = 12;
/** Beyond so many different values they are only counted roughly: the rest is as frequent as what was seen. */
const mostWords = 100_000;

/** Summarises a column of a table on the page: equal bins for numbers and times, frequent values for the others. */
export function summarizing(
  column: GridColumn,
  rows: Uint32Array | null,
  rowCount: number
): Generator<void, ColumnSummary, void> {
  const at = (i: number) => column.value(rows ? rows[i] : i);
  return column.kind === "number" || column.kind === "date" ? numbers(at, rowCount) : words(at, rowCount);
}

type At = (i: number) => unknown;

const isNull = (value: unknown) => value === null || value === undefined;

function* numbers(at: At, rows: number): Generator<void, ColumnSummary, void> {
  const values = new Float64Array(rows);
  const seen = new Set<number>();
  let [nulls, nans, finite] = [0, 0, 0];
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < rows; i++) {
    if (i % stride === 0) yield;
    const raw = at(i);
    const x = isNull(raw) ? Number.NaN : Number(raw);
    if (isNull(raw)) nulls++;
    else if (Number.isNaN(x)) nans++;
    if (seen.size < mostWords) seen.add(x);
    if (!Number.isFinite(x)) continue;
    values[finite++] = x;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  const summary = {rows, nulls, distinct: seen.size - (nulls ? 1 : 0)};
  if (!finite) return summary;
  const counts = new Array<number>(low === high ? 1 : bins).fill(0);
  const scale = counts.length / (high - low || 1);
  for (let i = 0; i < finite; i++) {
    if (i % stride === 0) yield;
    counts[Math.min(counts.length - 1, Math.floor((values[i] - low) * scale))]++;
  }
  return {...summary, histogram: {low, high, counts, nans}};
}

function* words(at: At, rows: number): Generator<void, ColumnSummary, void> {
  const counts = new Map<string, number>();
  let nulls = 0;
  for (let i = 0; i < rows; i++) {
    if (i % stride === 0) yield;
    const value = at(i);
    if (isNull(value)) nulls++;
    else {
      const word = plainText(value);
      if (counts.size < mostWords || counts.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, topCount);
  return {
    rows,
    nulls,
    distinct: counts.size,
    top: top.map(([value, count]) => ({value, count}))
  };
}
