import type {Measurement} from "../../bench/measurement.ts";

const header = ["case", "metric", "value", "unit", "against", "ratio", "better", "adapter"];
const numeric = new Set([2, 5]);

/** The measurements as a table for people: numbers to the right, three significant digits. */
export function benchTable(measurements: Measurement[]): string {
  const rows = measurements.map((row) => [
    row.case,
    row.metric,
    digits(row.value),
    row.unit,
    row.against,
    row.ratio === null ? "" : `${digits(row.ratio)}x`,
    row.better,
    row.adapter
  ]);
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (numeric.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(header), rule, ...rows.map(line)].join("\n");
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}
