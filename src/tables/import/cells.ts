import {describeText} from "./param-text.ts";
import {parseTime} from "./times.ts";

/** Whether a cell of a table has nothing in it. */
export function isMissing(cell: unknown): boolean {
  return cell === null || cell === undefined || (typeof cell === "string" && cell.trim() === "");
}

/** A cell as a number, NaN and infinities with their words too; undefined when it is none. */
export function cellNumber(cell: unknown): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell === "bigint" || typeof cell === "boolean") return Number(cell);
  if (typeof cell !== "string" || isMissing(cell)) return undefined;
  const quick = Number(cell);
  if (!Number.isNaN(quick)) return quick;
  const {value_type, value_num} = describeText(cell);
  return value_type === "number" && value_num !== null ? value_num : undefined;
}

/** Whether a column has numbers and nothing else. */
export function isNumeric(column: readonly unknown[]): boolean {
  let any = false;
  for (const cell of column) {
    if (isMissing(cell)) continue;
    if (cellNumber(cell) === undefined) return false;
    any = true;
  }
  return any;
}

/** The powers of ten that tell seconds, milli-, micro- and nanoseconds since the epoch apart, and what makes them milliseconds. */
const units = [
  [1e17, 1e-6],
  [1e14, 1e-3],
  [1e11, 1]
] as const;

/** A cell as milliseconds since the epoch: a date, a time in words, or a number since the epoch in any usual unit. */
export function cellTime(cell: unknown): number | null {
  if (cell instanceof Date) return +cell;
  const value = cellNumber(cell);
  if (value === undefined) return typeof cell === "string" ? parseTime(cell) : null;
  const factor = units.find(([least]) => Math.abs(value) >= least)?.[1] ?? 1000;
  return Math.round(value * factor);
}

/** The beginning of a text for a message, without the signs that control terminals and turn the writing round. */
export function excerpt(text: string, length = 60): string {
  const shown = text
    .slice(0, length)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return text.length > length ? `${shown}…` : shown;
}

/** A cell as text. */
export function cellText(cell: unknown): string {
  return cell instanceof Date ? cell.toISOString() : String(cell);
}
