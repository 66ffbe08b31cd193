import type {ParquetWriter} from "hyparquet-writer";
import type {DataColumn, TableWriter} from "./data-table.ts";

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

/** Writes Parquet, compressed by Snappy; each part is a group of rows. */
export async function parquetWriter(): Promise<TableWriter> {
  const {ByteWriter, ParquetWriter: Writer, schemaFromColumnData} = await import("hyparquet-writer");
  const parts: Blob[] = [];
  /** Hands over what was written after each group of rows. */
  class Parts extends ByteWriter {
    flush(): void {
      parts.push(new Blob([this.getBytes() as Uint8Array<ArrayBuffer>]));
      this.index = 0;
    }
  }
  const bytes = new Parts();
  let writer: ParquetWriter | null = null;
  return {
    write(columns) {
      const columnData = columns.map(parquetColumn);
      // Any column may lack values in a later part.
      const described = columnData.map((column) => ({...column, nullable: true}));
      writer ??= new Writer({writer: bytes, schema: schemaFromColumnData({columnData: described})});
      const untyped = columnData.map(({name, data}) => ({name, data}));
      if (untyped[0]?.data.length) writer.write({columnData: untyped, rowGroupSize: untyped[0].data.length});
    },
    finish() {
      writer?.finish();
      bytes.flush();
      return new Blob(parts);
    }
  };
}
