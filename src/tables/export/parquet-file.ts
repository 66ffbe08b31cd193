import type {DataColumn, DataTable} from "./data-table.ts";

const mapped = <T, U>(values: ArrayLike<T | null>, convert: (value: T) => U) =>
  Array.from(values, (value) => (value === null ? null : convert(value)));

function parquetColumn({name, type, values}: DataColumn) {
  switch (type) {
    case "text":
      return {name, type: "STRING" as const, data: [...values]};
    case "boolean":
      return {name, type: "BOOLEAN" as const, data: [...values]};
    case "number":
      return {name, type: "DOUBLE" as const, data: Array.from(values)};
    case "integer":
      return {name, type: "INT64" as const, data: mapped(values, (value) => BigInt(Math.round(value)))};
    case "time":
      return {name, type: "TIMESTAMP" as const, data: mapped(values, (value) => new Date(value))};
  }
}

/** The bytes of a table as a Parquet file, compressed by Snappy. */
export async function parquetFile({columns}: DataTable): Promise<ArrayBuffer> {
  const {parquetWriteBuffer} = await import("hyparquet-writer");
  return parquetWriteBuffer({columnData: columns.map(parquetColumn)});
}
