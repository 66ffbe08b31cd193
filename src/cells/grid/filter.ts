import type {Filter} from "../../tables/view-types.ts";
import {plainText} from "./format.ts";
import type {GridColumn} from "./source.ts";

export type {Filter};

const isNull = (value: unknown) => value === null || value === undefined;

/** Times compare as numbers, whichever of the two they are given as. */
const plain = (value: unknown) => (value instanceof Date ? +value : value);

const isSame = (a: unknown, b: unknown) =>
  // A count may be a number or a BigInt, as large as its column needs.
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 is what is meant.
  Object.is(a, b) || (typeof a === "bigint" || typeof b === "bigint" ? a == b : a === b);

function compares(op: "<" | "<=" | ">" | ">=", a: number, b: number): boolean {
  if (op === "<") return a < b;
  if (op === "<=") return a <= b;
  return op === ">" ? a > b : a >= b;
}

/** Whether a value satisfies a condition, as SQL sees it: NULL satisfies none but that on NULL. */
export function satisfies(filter: Filter, raw: unknown): boolean {
  if (isNull(raw)) return filter.op === "null";
  const value = plain(raw);
  switch (filter.op) {
    case "null":
      return false;
    case "not null":
      return true;
    case "contains":
      return plainText(value).toLowerCase().includes(filter.text.toLowerCase());
    case "in":
      return filter.values.some((one) => isSame(plain(one), value));
    case "between":
      return (
        compares(">=", value as number, plain(filter.low) as number) &&
        compares("<=", value as number, plain(filter.high) as number)
      );
    case "=":
      return isSame(plain(filter.value), value);
    case "!=":
      return !isSame(plain(filter.value), value);
    default:
      return compares(filter.op, value as number, plain(filter.value) as number);
  }
}

/** The conditions that a column's filter is replaced by; none takes it away. */
export function withFilter(filters: readonly Filter[], column: string, own: readonly Filter[]): Filter[] {
  return [...filters.filter((filter) => filter.column !== column), ...own];
}

export const ownFilters = (filters: readonly Filter[], column: string) =>
  filters.filter((filter) => filter.column === column);

/** A condition in words, with values as the column writes them. */
export function describeFilter(filter: Filter, label: string, text: (value: unknown) => string): string {
  switch (filter.op) {
    case "null":
      return `${label} is null`;
    case "not null":
      return `${label} is not null`;
    case "contains":
      return `${label} contains “${filter.text}”`;
    case "in":
      return `${label} is ${filter.values.map(text).join(" or ")}`;
    case "between":
      if (filter.low === -Infinity) return `${label} ≤ ${text(filter.high)}`;
      if (filter.high === Infinity) return `${label} ≥ ${text(filter.low)}`;
      return `${label} ${text(filter.low)} to ${text(filter.high)}`;
    default: {
      if (!("value" in filter)) return "";
      const sign = {"=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}[filter.op];
      return `${label} ${sign} ${text(filter.value)}`;
    }
  }
}

/** Conditions on columns that a table has, with a test of a row each; others are of a result that came before. */
export function rowTests(
  filters: readonly Filter[],
  columns: readonly GridColumn[]
): ((row: number) => boolean)[] {
  return filters.flatMap((filter) => {
    const column = columns.find(({name}) => name === filter.column);
    return column ? [(row: number) => satisfies(filter, column.value(row))] : [];
  });
}
