import {
  type Data,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  Map_,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  tableFromIPC,
  Utf8,
  type Vector,
  vectorFromArray
} from "apache-arrow";
import {RowError} from "./errors.ts";
import {migration} from "./migrate.ts";
import {type Column, type Columns, type Row, schemaVersion, type TableName, tables} from "./schema.ts";

type Cells = readonly unknown[];

/** Arrow's bitmap of the values that are there, and how many are not. */
function validity(cells: Cells): {nullCount: number; nullBitmap: Uint8Array | null} {
  let nullCount = 0;
  const nullBitmap = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, i) => {
    if (cell === null || cell === undefined) nullCount++;
    else nullBitmap[i >> 3] |= 1 << (i & 7);
  });
  return {nullCount, nullBitmap: nullCount === 0 ? null : nullBitmap};
}

const utf8 = (words: readonly string[]) => vectorFromArray([...words], new Utf8());

/** Strings by their number in a list of words: plain utf8 columns are slow to build, and most repeat. */
function strings(cells: Cells, id: number): Data {
  const numbers = new Map<string, number>();
  const data = Int32Array.from(cells, (cell) => {
    if (cell === null || cell === undefined) return 0;
    const word = String(cell);
    const known = numbers.get(word);
    if (known !== undefined) return known;
    numbers.set(word, numbers.size);
    return numbers.size - 1;
  });
  // A dictionary without a word is not read back.
  const words = numbers.size === 0 ? [""] : [...numbers.keys()];
  const type = new Dictionary(new Utf8(), new Int32(), id);
  return makeData({type, length: cells.length, data, dictionary: utf8(words), ...validity(cells)});
}

function maps(cells: Cells): Data {
  const entries = cells.map((cell) => [...((cell as ReadonlyMap<string, string>) ?? [])]);
  const valueOffsets = new Int32Array(cells.length + 1);
  entries.forEach((list, i) => {
    valueOffsets[i + 1] = valueOffsets[i] + list.length;
  });
  const flat = entries.flat();
  const [keys, values] = [flat.map(([key]) => key), flat.map(([, value]) => value)].map(
    (words) => utf8(words).data[0] ?? makeData({type: new Utf8(), length: 0})
  );
  const fields = [new Field("key", new Utf8(), false), new Field("value", new Utf8(), true)];
  const struct = new Struct<{key: Utf8; value: Utf8}>(fields as never);
  const child = makeData({type: struct, length: flat.length, nullCount: 0, children: [keys, values]});
  const type = new Map_<Utf8, Utf8>(new Field("entries", struct, false) as never);
  return makeData({type, length: cells.length, ...validity(cells), valueOffsets, child} as never);
}

const whole = (cell: unknown) =>
  cell === null || cell === undefined ? 0n : BigInt(Math.round(Number(cell)));

function column(cells: Cells, {type}: Column, id: number): Data {
  const shared = {length: cells.length, ...validity(cells)};
  switch (type) {
    case "VARCHAR":
      return strings(cells, id);
    case "MAP(VARCHAR, VARCHAR)":
      return maps(cells);
    case "DOUBLE":
      return makeData({...shared, type: new Float64(), data: Float64Array.from(cells, Number)});
    case "INTEGER":
      return makeData({...shared, type: new Int32(), data: Int32Array.from(cells, Number)});
    case "BIGINT":
      return makeData({...shared, type: new Int64(), data: BigInt64Array.from(cells, whole)});
    case "TIMESTAMP_MS":
      return makeData({...shared, type: new TimestampMillisecond(), data: BigInt64Array.from(cells, whole)});
  }
}

/** @throws RowError when a column's description does not allow a value: a journal must never hold what no database takes. */
function check(table: TableName, name: string, {nullable, oneOf}: Column, cells: Cells): void {
  for (const cell of cells) {
    const isNull = cell === null || cell === undefined;
    if (isNull && !nullable) throw new RowError(`${table}.${name}: expected a value, got ${cell}.`);
    if (!isNull && oneOf && !oneOf.includes(String(cell))) {
      throw new RowError(`${table}.${name}: expected one of ${oneOf.join(", ")}, got ${cell}.`);
    }
  }
}

/**
 * Rows of a table as an Arrow IPC stream of one batch. Its schema's metadata names the table and the version of the
 * description. Metrics have an encoder of their own (`encodeMetrics`).
 * @throws RowError when a column's description does not allow a value.
 */
export function encodeRows<T extends TableName>(table: T, rows: readonly Row<T>[]): Uint8Array {
  const columns: Columns = tables[table];
  const names = Object.keys(columns);
  const children = names.map((name, id) => {
    const cells = rows.map((row) => (row as Record<string, unknown>)[name]);
    check(table, name, columns[name], cells);
    return column(cells, columns[name], id);
  });
  const fields = names.map(
    (name, i) => new Field(name, children[i].type as DataType, columns[name].nullable)
  );
  const metadata = new Map([
    ["table", table],
    ["schema_version", String(schemaVersion)]
  ]);
  const struct = makeData({type: new Struct(fields), length: rows.length, nullCount: 0, children});
  const batch = new RecordBatch(new Schema(fields, metadata), struct as never);
  return RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true);
}

function reader(vector: Vector | null, {type}: Column): (row: number) => unknown {
  if (!vector) return () => null;
  switch (type) {
    case "BIGINT":
      return (row) => (vector.isValid(row) ? Number(vector.get(row)) : null);
    case "TIMESTAMP_MS":
      return (row) => (vector.isValid(row) ? new Date(Number(vector.get(row))) : null);
    case "MAP(VARCHAR, VARCHAR)":
      return (row) => new Map(vector.isValid(row) ? (vector.get(row) as Iterable<[string, string]>) : []);
    default:
      return (row) => vector.get(row);
  }
}

/**
 * The rows of an Arrow IPC stream that `encodeRows` wrote, today or under a former description.
 * @throws SchemaVersionError when it was written under a later one.
 */
export function decodeRows<T extends TableName>(table: T, ipc: Uint8Array): Row<T>[] {
  const arrow = tableFromIPC(ipc);
  const readers = Object.entries(tables[table] as Columns).map(
    ([name, about]) => [name, reader(arrow.getChild(name), about)] as const
  );
  const migrate = migration(table, Number(arrow.schema.metadata.get("schema_version") ?? schemaVersion));
  return Array.from({length: arrow.numRows}, (_, i) => {
    const row = Object.fromEntries(readers.map(([name, read]) => [name, read(i)]));
    return (migrate ? migrate(row) : row) as Row<T>;
  });
}
