import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Null,
  Table,
  TimestampMillisecond,
  Utf8,
  type Vector,
  vectorFromArray
} from "apache-arrow";

type Kind = "boolean" | "integer" | "number" | "bigint" | "string" | "date" | "numbers" | "json";

const isNumbers = (value: unknown) =>
  (Array.isArray(value) && value.every((x) => typeof x === "number")) ||
  (ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    typeof (value as Float64Array)[0] !== "bigint");

function kindOf(value: unknown): Kind {
  if (typeof value === "number") return (value | 0) === value && !Object.is(value, -0) ? "integer" : "number";
  if (typeof value === "boolean" || typeof value === "bigint" || typeof value === "string")
    return value === "" ? "string" : (typeof value as Kind);
  if (value instanceof Date) return "date";
  return isNumbers(value) ? "numbers" : "json";
}

/** The one kind that holds values of both. */
function join(a: Kind | null, b: Kind): Kind {
  if (a === null || a === b) return b;
  const both = new Set([a, b]);
  if (both.has("integer") && both.has("number")) return "number";
  if (both.has("integer") && both.has("bigint")) return "bigint";
  return "json";
}

const text = (value: unknown) =>
  typeof value === "string"
    ? value
    : value instanceof Date
      ? value.toISOString()
      : (JSON.stringify(value, (_, x) => (typeof x === "bigint" ? String(x) : x)) ?? String(value));

const dictionary = () => new Dictionary(new Utf8(), new Int32());
const numbers = () => new List(new Field("item", new Float64(), true));

const kinds: Record<Kind, {type: () => DataType; convert?: (value: unknown) => unknown}> = {
  boolean: {type: () => new Bool()},
  integer: {type: () => new Int32()},
  number: {type: () => new Float64()},
  bigint: {type: () => new Int64(), convert: (value) => BigInt(value as number)},
  string: {type: dictionary},
  date: {
    type: () => new TimestampMillisecond(),
    convert: (value) => (Number.isNaN(+(value as Date)) ? null : +(value as Date))
  },
  numbers: {type: numbers, convert: (value) => Array.from(value as number[])},
  json: {type: dictionary, convert: text}
};

function column(values: unknown[]): Vector {
  let kind: Kind | null = null;
  for (const value of values) if (value !== null && value !== undefined) kind = join(kind, kindOf(value));
  if (kind === null)
    return vectorFromArray(
      values.map(() => null),
      new Null()
    );
  const {type, convert} = kinds[kind];
  const convertible = values.map((value) =>
    value === null || value === undefined ? null : convert ? convert(value) : value
  );
  return vectorFromArray(convertible, type());
}

/**
 * Rows as an Arrow table with a column for every name that any row has. Booleans, numbers (whole 32-bit ones as
 * integers), bigints, strings, dates (UTC) and arrays of numbers keep their type; a column of anything else, or of
 * several of these, becomes text (JSON). Rows that are not objects become the column `value`.
 */
export function fromObjects(rows: Iterable<unknown>): Table {
  const list = Array.from(rows, (row) =>
    typeof row === "object" && row !== null ? (row as Record<string, unknown>) : {value: row}
  );
  const names = new Set(list.flatMap((row) => Object.keys(row)));
  const columns = [...names].map((name) => [name, column(list.map((row) => row[name]))]);
  return new Table(Object.fromEntries(columns) as Record<string, Vector>);
}
