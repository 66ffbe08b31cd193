import type {SchemaElement} from "hyparquet";
import {plainText} from "./format.ts";
import {listNumbers} from "./line.ts";
import type {GridColumn, GridSource} from "./source.ts";

/** How a column is kept in the file: its elements of the schema, and a value as the writer takes it. */
interface Kept {
  elements: SchemaElement[];
  value(value: unknown): unknown;
}

const [least, greatest] = [-(2n ** 63n), 2n ** 63n - 1n];

const fits = (value: unknown) =>
  typeof value === "bigint" ? value >= least && value <= greatest : Number.isSafeInteger(value);

const isBlank = (value: unknown) => value === null || value === undefined;

function every(
  {column, rowCount}: {column: GridColumn; rowCount: number},
  test: (value: unknown) => boolean
) {
  for (let row = 0; row < rowCount; row++) {
    const value = column.value(row);
    if (!isBlank(value) && !test(value)) return false;
  }
  return true;
}

function keptAs(column: GridColumn, rowCount: number): Kept {
  const {name, kind, type} = column;
  const optional = {name, repetition_type: "OPTIONAL"} as const;
  if (kind === "number" && /int/.test(type) && every({column, rowCount}, fits))
    return {elements: [{...optional, type: "INT64"}], value: (x) => BigInt(x as number)};
  // Larger than 64 bits: every digit, as text.
  if (kind === "number" && !every({column, rowCount}, (x) => typeof x === "number"))
    return {elements: [{...optional, type: "BYTE_ARRAY", converted_type: "UTF8"}], value: String};
  if (kind === "number") return {elements: [{...optional, type: "DOUBLE"}], value: Number};
  if (kind === "boolean") return {elements: [{...optional, type: "BOOLEAN"}], value: Boolean};
  if (kind === "date")
    return {
      elements: [{...optional, type: "INT64", converted_type: "TIMESTAMP_MILLIS"}],
      value: (ms) => new Date(Number(ms))
    };
  if (kind === "list")
    return {
      elements: [
        {...optional, converted_type: "LIST", num_children: 1},
        {name: "list", repetition_type: "REPEATED", num_children: 1},
        {name: "element", repetition_type: "OPTIONAL", type: "DOUBLE"}
      ],
      value: listNumbers
    };
  return {elements: [{...optional, type: "BYTE_ARRAY", converted_type: "UTF8"}], value: plainText};
}

/**
 * The rows as a Parquet file, compressed with Snappy: whole numbers as INT64, times as milliseconds in UTC, lists of
 * numbers as lists, what Parquet has no word for here (structs, maps, numbers of more than 64 bits) as text.
 */
export async function parquetFile({columns, rowCount}: GridSource): Promise<ArrayBuffer> {
  const {parquetWriteBuffer} = await import("hyparquet-writer");
  const kept = columns.map((column) => keptAs(column, rowCount));
  const schema = [{name: "root", num_children: columns.length}, ...kept.flatMap(({elements}) => elements)];
  const columnData = columns.map(({name, value}, i) => ({
    name,
    data: Array.from({length: rowCount}, (_, row) => {
      const raw = value(row);
      return isBlank(raw) ? null : kept[i].value(raw);
    })
  }));
  return parquetWriteBuffer({columnData, schema});
}
