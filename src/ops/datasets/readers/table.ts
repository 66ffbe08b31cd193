import type {Dataset} from "../dataset.ts";
import {DatasetError} from "../dataset-error.ts";
import {type DataSource, tableReader} from "../source.ts";
import {type ArrowTable, arrowValues} from "./arrow-values.ts";
import {type Column, type ColumnOptions, fromColumns} from "./columns.ts";
import {type DataFile, readFiles} from "./read-files.ts";

/** What of an Arquero table is used. */
interface ArqueroTable {
  columnNames(): string[];
  array(name: string): ArrayLike<unknown>;
}

/**
 * A dataset of a table in memory: an Arrow or Arquero table (the result of an SQL cell is one), an array of objects, a Map or an
 * object of columns, or what has such a Map as `columns`. `fromTable(table, {target: "price"})`. @throws DatasetError
 *
 * @example
 * import {fromTable} from "petri/datasets";
 *
 * const penguins = [{flipper: 181, sex: "male", species: "Adelie"}, {flipper: 217, sex: "female", species: "Gentoo"}];
 * const {features, inputs, labels, classes} = fromTable(penguins, {target: "species"});
 * display({features, inputs, labels, classes});
 */
export function fromTable(table: unknown, options: ColumnOptions): Dataset {
  return datasetOf("the table", table, options);
}

/** A file of Arrow IPC (file or stream format). @throws DatasetError */
export function arrow(source: DataSource, options: ColumnOptions): Promise<Dataset> {
  return readTable("arrow", source, options, checkArrow);
}

/** A Parquet file. @throws DatasetError */
export function parquet(source: DataSource, options: ColumnOptions): Promise<Dataset> {
  return readTable("parquet", source, options, checkParquet);
}

function readTable(
  format: "arrow" | "parquet",
  source: DataSource,
  options: ColumnOptions,
  check: (file: DataFile) => void
): Promise<Dataset> {
  return readFiles([source], {
    reader: format,
    options,
    parse: async (files) => {
      const file = files[0] as DataFile;
      check(file);
      const table = await tableReader(format)(file.bytes, file.name).catch((cause: unknown) => {
        throw unreadable(file.name, cause);
      });
      return {...datasetOf(file.name, table, options), hash: file.hash};
    }
  });
}

/** The reader's own message may begin with the file's name. */
function unreadable(name: string, cause: unknown): DatasetError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const rest = reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason;
  return new DatasetError(`${name} is damaged or too large: ${rest}`, {cause});
}

function checkArrow({name, bytes}: DataFile): void {
  const isFile = textAt(bytes, 0, 6) === "ARROW1";
  const isStream = bytes.length > 8 && bytes.subarray(0, 4).every((byte) => byte === 0xff);
  if (isFile || isStream) return;
  throw new DatasetError(
    `${name}, byte 0: expected an Arrow IPC file (“ARROW1”) or stream (ff ff ff ff), found “${textAt(bytes, 0, 6)}”. Write the table with Arrow's IPC writer, or give another reader's file to that reader.`
  );
}

function checkParquet({name, bytes}: DataFile): void {
  const fail = (at: number, expected: string, found: string) => {
    throw new DatasetError(
      `${name}, byte ${at}: expected ${expected} of a Parquet file, found ${found}. The file is of another format, cut off or encrypted.`
    );
  };
  const end = bytes.length - 4;
  if (textAt(bytes, 0, 4) !== "PAR1") fail(0, "the mark “PAR1”", `“${textAt(bytes, 0, 4)}”`);
  if (end < 8 || textAt(bytes, end, 4) !== "PAR1")
    fail(Math.max(0, end), "the last mark “PAR1”", `“${textAt(bytes, end, 4)}”`);
  const footer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end - 4, true);
  if (footer > end - 8) fail(end - 4, `a footer of at most ${end - 8} bytes`, `a length of ${footer}`);
}

/** Bytes as text in which each byte that is no printable character is a dot. */
const textAt = (bytes: Uint8Array, start: number, length: number) =>
  String.fromCharCode(...bytes.subarray(Math.max(0, start), start + length)).replace(/[^ -~]/g, ".");

function datasetOf(name: string, table: unknown, options: ColumnOptions): Dataset {
  const columns = columnsOf(name, table);
  const rows = columns[0]?.values.length ?? 0;
  const uneven = columns.find(({values}) => values.length !== rows);
  if (uneven) {
    throw new DatasetError(
      `${name}: expected ${rows} values in every column, found ${uneven.values.length} in “${uneven.name}”.`
    );
  }
  return fromColumns({name, columns, rows, place: (row) => `row ${row}`, isText: false}, options);
}

function columnsOf(name: string, table: unknown): Column[] {
  if (typeof table !== "object" || table === null) throw noTable(name, table);
  if (Array.isArray(table)) return columnsOfRows(name, table);
  if (table instanceof Map) return columnsOfEntries(name, table);
  if (isArrow(table)) {
    return table.schema.fields.map(({name: column, type}) => ({
      name: column,
      values: arrowValues(table, column, type)
    }));
  }
  if (isArquero(table))
    return table.columnNames().map((column) => ({name: column, values: table.array(column)}));
  const {columns} = table as {columns?: unknown};
  if (columns instanceof Map) return columnsOfEntries(name, columns);
  return columnsOfEntries(name, Object.entries(table));
}

const isArrow = (table: object): table is ArrowTable =>
  typeof (table as ArrowTable).getChild === "function" && Array.isArray((table as ArrowTable).schema?.fields);

const isArquero = (table: object): table is ArqueroTable =>
  typeof (table as ArqueroTable).columnNames === "function" &&
  typeof (table as ArqueroTable).array === "function";

function columnsOfEntries(name: string, entries: Iterable<[unknown, unknown]>): Column[] {
  return Array.from(entries, ([column, values]) => {
    const {length} = (values ?? {}) as {length?: unknown};
    if (typeof values === "object" && typeof length === "number") {
      return {name: String(column), values: values as ArrayLike<unknown>};
    }
    throw noTable(name, values);
  });
}

function columnsOfRows(name: string, rows: readonly unknown[]): Column[] {
  const [first] = rows;
  if (typeof first !== "object" || first === null) throw noTable(name, first);
  return Object.keys(first).map((column) => ({
    name: column,
    values: rows.map((row) => (row as Record<string, unknown> | null)?.[column])
  }));
}

const noTable = (name: string, found: unknown) =>
  new DatasetError(
    `${name}: expected an Arrow or Arquero table, an array of objects or columns by name, found ${found === null ? "null" : typeof found}.`
  );
