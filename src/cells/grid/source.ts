import {wholeNumber} from "../../tables/decimal.ts";
import type {TableView} from "../../tables/view-types.ts";
import type {ColumnFormat} from "./formats.ts";

/** What a column holds, as far as showing and sorting it goes. */
export type ColumnKind = "number" | "date" | "boolean" | "text" | "list" | "other";

export interface GridColumn {
  name: string;
  /** The type as the header shows it, in SQL's words; empty where nothing is known. */
  type: string;
  /** `list` is one of numbers, drawn as a line. */
  kind: ColumnKind;
  value(row: number): unknown;
  /** Whether it is hidden until the reader asks for it. */
  hidden?: boolean;
  /** Whether it stands at the left until the reader says otherwise. */
  pinned?: boolean;
  /** How it is written until the reader chooses. */
  format?: ColumnFormat;
  /** A CSS colour for the dot before a value, null for none. */
  dot?(value: unknown): string | null;
}

/** A table as the grid reads it, cell by cell. */
export interface GridSource {
  rowCount: number;
  columns: GridColumn[];
  /** For the result of a statement that yields no rows: how many it changed, null where it does not say. */
  done?: {changedRows: number | null};
}

/** The part of an Arrow table that is read, so that no copy of Arrow is needed to show one. */
interface ArrowTable {
  numRows: number;
  schema: {
    fields: {name: string; type: unknown; metadata: Map<string, string>}[];
    metadata: Map<string, string>;
  };
  getChildAt(index: number): {get(row: number): unknown} | null;
}

const arrowTypes: [RegExp, string, ColumnKind][] = [
  [/^Dictionary<\w+, Utf8>|^(Large)?Utf8/, "varchar", "text"],
  [/^Float64/, "double", "number"],
  [/^Float(32|16)/, "float", "number"],
  [/^Int64/, "bigint", "number"],
  [/^Uint64/, "ubigint", "number"],
  [/^Int32/, "integer", "number"],
  [/^Int16/, "smallint", "number"],
  [/^Int8/, "tinyint", "number"],
  [/^Uint\d+/, "uinteger", "number"],
  [/^Decimal/, "decimal", "number"],
  [/^Bool/, "boolean", "boolean"],
  [/^Date32/, "date", "date"],
  [/^(Date64|Timestamp)/, "timestamp", "date"],
  [/^Time/, "time", "other"],
  [/^Interval|^Duration/, "interval", "other"],
  [/Binary/, "blob", "other"],
  [/^(FixedSize)?List(\[\d+\])?<(Float|Int|Uint)/, "list", "list"],
  [/List/, "list", "other"],
  [/^Struct/, "struct", "other"],
  [/^Map/, "map", "other"]
];

/** Whether something is an Arrow table, of any copy of the library. */
export function isArrow(table: object): table is ArrowTable {
  return "numRows" in table && "schema" in table && "getChildAt" in table;
}

/** Whether something is a query whose rows stay in the database. */
export function isView(value: object): value is TableView {
  return "window" in value && "summarize" in value && "rowCount" in value;
}

const decimalScale = (type: unknown) => (type as {scale: number}).scale;

/** Reads a decimal's words, which Arrow hands out as they are. */
function decimalOf(type: unknown): (words: unknown) => unknown {
  const scale = decimalScale(type);
  return (words) => {
    if (words === null || words === undefined) return null;
    const whole = wholeNumber(words as Uint32Array);
    return scale ? Number(`${whole}e-${scale}`) : whole;
  };
}

function arrowSource(table: ArrowTable): GridSource {
  const columns = table.schema.fields.map(({name, type, metadata}, i): GridColumn => {
    const [, sqlType, kind] = arrowTypes.find(([pattern]) => pattern.test(String(type))) ?? [
      null,
      "",
      "other"
    ];
    const vector = table.getChildAt(i);
    const label = metadata.get("sql")?.toLowerCase() ?? sqlType;
    const decimal = sqlType === "decimal" ? decimalOf(type) : null;
    const read = (row: number) => vector?.get(row);
    const value = decimal ? (row: number) => decimal(read(row)) : read;
    const shown = decimal && !decimalScale(type) ? "hugeint" : label;
    return {name, type: shown, kind: kind as ColumnKind, value};
  });
  if (!table.schema.metadata.has("statement")) return {rowCount: table.numRows, columns};
  const changedRows = table.numRows === 1 ? Number(columns[0].value(0)) : null;
  return {rowCount: table.numRows, columns, done: {changedRows}};
}

const isNumbers = (value: unknown) =>
  Array.isArray(value)
    ? value.length > 1 && value.every((x) => typeof x === "number")
    : ArrayBuffer.isView(value) && !(value instanceof Uint8Array) && !(value instanceof DataView);

function kindOf(value: unknown): ColumnKind {
  if (value instanceof Date) return "date";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "boolean";
  if (isNumbers(value)) return "list";
  return typeof value === "string" ? "text" : "other";
}

const kindNames: Record<ColumnKind, string> = {
  number: "number",
  date: "date",
  boolean: "boolean",
  text: "string",
  list: "numbers",
  other: ""
};

/** Rows looked at to find the columns of plain objects. */
const sampleRows = 1000;

function objectSource(rows: readonly unknown[], given?: readonly string[]): GridSource {
  const cell = (row: unknown, name: string): unknown =>
    typeof row === "object" && row !== null ? (row as Record<string, unknown>)[name] : row;
  const sample = rows.slice(0, sampleRows);
  const names = new Set(
    given ?? sample.flatMap((row) => (typeof row === "object" && row !== null ? Object.keys(row) : ["value"]))
  );
  const columns = [...names].map((name): GridColumn => {
    const example = sample
      .map((row) => cell(row, name))
      .find((value) => value !== null && value !== undefined);
    const kind = kindOf(example);
    return {name, kind, type: kindNames[kind], value: (row) => cell(rows[row], name)};
  });
  return {rowCount: rows.length, columns};
}

/** How to read an Arrow table, or rows of objects (with their `columns` in order, as d3.csv gives them). */
export function gridSource(table: Iterable<unknown>): GridSource {
  if (isArrow(table)) return arrowSource(table);
  const rows = Array.isArray(table) ? table : [...table];
  const {columns} = table as {columns?: unknown};
  return objectSource(rows, Array.isArray(columns) ? columns : undefined);
}
