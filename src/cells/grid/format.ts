import {type ColumnFormat, type Format, styled} from "./formats.ts";
import type {GridColumn} from "./source.ts";

/** Rows that decide how a column is written. */
const sampleRows = 500;

/** Any value as text. */
export function plainText(value: unknown): string {
  if (value instanceof Uint8Array) {
    return Array.from(value.subarray(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  if (typeof value !== "object" || value === null) return String(value);
  const text = String(value);
  return text.startsWith("[object") ? JSON.stringify(value) : text;
}

/**
 * Years, steps and small ids read better without a comma: four digits have none, unless there are numbers of more in their
 * column, which have one.
 */
const groupingOf = (numbers: readonly number[]) =>
  numbers.some((x) => Math.abs(x) >= 10_000) ? "always" : "min2";

/** Decimals that show the smallest of the sample with three digits, but no more than any value has. */
function decimalsFor(sample: readonly number[]): number {
  const smallest = Math.min(...sample.filter((x) => x !== 0).map(Math.abs));
  const wanted = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(smallest))));
  return Math.max(0, ...sample.map((x) => (x.toFixed(wanted).replace(/0+$/, "").split(".")[1] ?? "").length));
}

/** Decimals of an SQL type that says them, as decimal(9,2). */
function scaleOf(type: string): number | null {
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  return scale === undefined ? null : Number(scale);
}

function numberFormat(values: readonly unknown[], type: string): Format {
  const scale = scaleOf(type);
  const numbers = values.map(Number).filter(Number.isFinite);
  const whole = !scale && numbers.every(Number.isInteger);
  const decimals = scale ?? (whole ? 0 : decimalsFor(numbers));
  const useGrouping = groupingOf(numbers);
  const integers = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0, useGrouping});
  const fixed = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping
  });
  return (value) => {
    const x = Number(value);
    if (Number.isNaN(x)) return "NaN";
    if (!Number.isFinite(x)) return x < 0 ? "−∞" : "∞";
    if (typeof value === "bigint") return integers.format(value);
    if (scale) return fixed.format(x);
    const size = Math.abs(x);
    if (whole && Number.isInteger(x)) return size < 1e15 ? integers.format(x) : x.toExponential(3);
    if (size >= 1e9 || (x !== 0 && size < 0.5 * 10 ** -decimals)) return x.toExponential(2);
    return fixed.format(x);
  };
}

/** Times are UTC: a date when every one of the sample is a midnight, else with as much of the time as is used. */
function dateFormat(values: readonly unknown[]): Format {
  const times = values.map(Number).filter(Number.isFinite);
  const length = times.every((ms) => ms % 86_400_000 === 0)
    ? 10
    : times.every((ms) => ms % 1000 === 0)
      ? 19
      : 23;
  return (value) => {
    const date = new Date(Number(value));
    if (Number.isNaN(+date)) return "invalid date";
    const text = date.toISOString();
    return text.slice(0, text.length - 1 - (23 - length)).replace("T", " ");
  };
}

/**
 * How the values of a column are written: as chosen, else decided by its first rows so that digits stand below each
 * other.
 */
export function columnFormat(
  column: GridColumn,
  rowCount: number,
  chosen: ColumnFormat | undefined = column.format
): Format {
  const own = chosen && styled(chosen);
  const format = own ?? automatic(column, rowCount);
  return (value) => (value === null || value === undefined ? "null" : format(value));
}

function automatic(column: GridColumn, rowCount: number): Format {
  const sample = Array.from({length: Math.min(rowCount, sampleRows)}, (_, row) => column.value(row));
  const present = sample.filter((value) => value !== null && value !== undefined);
  if (column.kind === "number") return numberFormat(present, column.type);
  return column.kind === "date" ? dateFormat(present) : plainText;
}

/** A value in full, for another program: nothing rounded, times as ISO 8601, NULL as nothing. */
export function exactText(value: unknown, column: GridColumn): string {
  if (value === null || value === undefined) return "";
  if (column.kind !== "date") return plainText(value);
  const date = new Date(Number(value));
  return Number.isNaN(+date) ? "" : date.toISOString();
}
