import {DatasetError} from "../dataset-error.ts";
import type {Column, Columns} from "./columns.ts";
import {mostNumbers} from "./limits.ts";

/** A column as numbers: the values themselves, or the numbers of categories. */
export interface Encoded {
  /** The names of the numbers that a row gets of it. */
  features: string[];
  /** The categories in their order, where the column has categories. */
  categories?: string[];
  /** The category's number for each row, or rows x features values. */
  codes: Float64Array;
}

interface Context {
  table: Columns;
  /** The rows to take. */
  rows: Int32Array;
  /** Columns whose values are names, whatever they look like. */
  categorical: readonly string[];
}

/** Categories of one column: more are rather free text or a row's number. */
const MOST_CATEGORIES = 1000;

/** @throws DatasetError for a value that does not go with the first one of its column. */
export function encodeColumn(column: Column, context: Context): Encoded {
  const {table, rows, categorical} = context;
  const first = column.values[rows[0] as number];
  if (categorical.includes(column.name)) return encodeCategories(column, context);
  if (isList(first)) return encodeLists(column, first.length, context);
  if (numberOf(first, table.isText) !== undefined) return encodeNumbers(column, context);
  if (table.isText) refuseNumbers(column, context);
  if (typeof first === "string" || typeof first === "boolean") return encodeCategories(column, context);
  const kind =
    typeof first === "object" ? (first?.constructor?.name ?? "object") : `${typeof first} ${shown(first)}`;
  throw new DatasetError(
    `${table.name}, ${table.place(rows[0] as number)}: expected numbers, text, booleans or lists of numbers in the column “${column.name}”, found ${kind}. Leave it out with ignore.`
  );
}

/** A number that float32 holds, also a bigint, or in a table of text what is written as one; else undefined. */
function numberOf(value: unknown, isText: boolean): number | undefined {
  if (typeof value === "bigint") return finite(Number(value));
  if (isText && typeof value === "string" && /^\s*[-+]?(\d|\.\d)/.test(value)) {
    return finite(Number(value));
  }
  return typeof value === "number" ? finite(value) : undefined;
}

const finite = (value: number) => (Number.isFinite(Math.fround(value)) ? value : undefined);

const isList = (value: unknown): value is ArrayLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as {length?: unknown}).length === "number";

function encodeNumbers(column: Column, {table, rows}: Context): Encoded {
  const codes = Float64Array.from(rows, (row) => {
    const number = numberOf(column.values[row], table.isText);
    if (number !== undefined) return number;
    throw new DatasetError(
      `${table.name}, ${table.place(row)}: expected a number in the column “${column.name}”, found “${shown(column.values[row])}”. If its values are names, pass categorical: ["${column.name}"]; numbers go up to 3.4e38.`
    );
  });
  return {features: [column.name], codes};
}

/** Text in the first row of a column of numbers would make all of them names. */
function refuseNumbers(column: Column, {table, rows}: Context): void {
  const row = rows.find((each) => numberOf(column.values[each], true) !== undefined);
  if (row === undefined) return;
  const first = rows[0] as number;
  throw new DatasetError(
    `${table.name}, ${table.place(first)}: expected a number in the column “${column.name}” as in ${table.place(row)}, found “${shown(column.values[first])}”. If its values are names, pass categorical: ["${column.name}"].`
  );
}

function encodeLists(column: Column, length: number, {table, rows}: Context): Encoded {
  if (length < 1 || rows.length * length > mostNumbers()) {
    throw new DatasetError(
      `${table.name}, ${table.place(rows[0] as number)}: expected a list of 1 to ${Math.floor(mostNumbers() / rows.length)} numbers in the column “${column.name}”, found one of ${length}. Leave it out with ignore.`
    );
  }
  const codes = new Float64Array(rows.length * length);
  rows.forEach((row, i) => {
    const list = column.values[row];
    const numbers =
      isList(list) && list.length === length ? Array.from(list, (each) => numberOf(each, false)) : [];
    if (numbers.length !== length || numbers.includes(undefined)) {
      throw new DatasetError(
        `${table.name}, ${table.place(row)}: expected a list of ${length} numbers in the column “${column.name}”, found “${shown(list)}”.`
      );
    }
    codes.set(numbers as number[], i * length);
  });
  return {features: Array.from({length}, (_, i) => `${column.name}[${i}]`), codes};
}

function encodeCategories(column: Column, {table, rows}: Context): Encoded {
  const texts = Array.from(rows, (row) => String(column.values[row]).trim());
  const categories = sorted([...new Set(texts)]);
  if (categories.length > MOST_CATEGORIES) {
    throw new DatasetError(
      `${table.name}: the column “${column.name}” has ${categories.length} different values, more than the ${MOST_CATEGORIES} categories that a column may have. Leave it out with ignore.`
    );
  }
  const codeOf = new Map(categories.map((category, code) => [category, code]));
  return {
    features: categories.map((category) => `${column.name}=${category}`),
    categories,
    codes: Float64Array.from(texts, (text) => codeOf.get(text) as number)
  };
}

/** By size where all are numbers, else by text. */
function sorted(categories: string[]): string[] {
  const areNumbers = categories.every((each) => each !== "" && Number.isFinite(Number(each)));
  return areNumbers ? categories.sort((a, b) => Number(a) - Number(b)) : categories.sort();
}

const shown = (value: unknown) => String(value).slice(0, 40);
