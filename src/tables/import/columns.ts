import {excerpt} from "./cells.ts";
import {checkParquet} from "./check-parquet.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {whatIsRead} from "./sniff.ts";

/** A table of a file as columns. Those of a CSV file hold text. */
export interface ColumnTable {
  file: ImportFile;
  rows: number;
  columns: ReadonlyMap<string, readonly unknown[]>;
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const line = text.slice(0, text.search(/[\r\n]|$/));
  const count = (separator: string) => line.split(separator).length;
  return [",", "\t", ";"].reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** A CSV file with a line of names, separated by commas, semicolons or tabs. */
export async function readCsv(file: ImportFile): Promise<ColumnTable> {
  const {dsvFormat} = await import("d3-dsv");
  const text = new TextDecoder().decode(file.bytes);
  const [names = [], ...rows] = dsvFormat(separatorOf(text)).parseRows(text);
  if (names.length < 2) {
    throw new ImportError(
      `${file.name}, line 1: expected the names of at least two columns, found “${excerpt(text)}”. ${whatIsRead}`
    );
  }
  const wrong = rows.findIndex((row) => row.length !== names.length && !(row.length === 1 && row[0] === ""));
  if (wrong >= 0) {
    throw new ImportError(
      `${file.name}, row ${wrong + 2}: expected ${names.length} columns as in the first line, found ${rows[wrong].length}.`
    );
  }
  const filled = rows.filter((row) => row.length === names.length);
  const columns = new Map(names.map((name, i) => [name.trim(), filled.map((row) => row[i])]));
  return {file, rows: filled.length, columns};
}

/** An Arrow IPC file or stream. @throws ImportError */
export async function readArrow(file: ImportFile): Promise<ColumnTable> {
  const {DataType, tableFromIPC} = await import("apache-arrow");
  return orDamaged(file, "an Arrow file or stream", () => {
    const table = tableFromIPC(file.bytes);
    checkRows(file, table.numRows);
    const columns = new Map(
      table.schema.fields.map(({name, type}) => {
        const values: unknown[] = Array.from(table.getChild(name) ?? []);
        return [
          name,
          DataType.isTimestamp(type)
            ? values.map((ms) => (ms === null ? null : new Date(Number(ms))))
            : values
        ];
      })
    );
    return {file, rows: table.numRows, columns};
  });
}

/** A value takes a bit at least, so that a file cannot have more rows than bits. @throws ImportError */
function checkRows({name, bytes}: ImportFile, rows: number): void {
  if (rows <= 8 * bytes.length) return;
  throw new ImportError(
    `${name}: expected at most ${8 * bytes.length} rows in ${bytes.length} bytes, found ${rows}. The file is damaged: copy it again.`
  );
}

/** A Parquet file of any compression. @throws ImportError */
export async function readParquet(file: ImportFile): Promise<ColumnTable> {
  const [{parquetMetadataAsync, parquetRead, parquetSchema}, {compressors}] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors")
  ]);
  const {bytes} = file;
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return orDamaged(file, "a Parquet file", async () => {
    const metadata = await parquetMetadataAsync(buffer);
    checkParquet(file, metadata);
    const rows = Number(metadata.num_rows);
    const columns = new Map<string, unknown[]>(
      parquetSchema(metadata).children.map(({element}) => [element.name, new Array(rows).fill(null)])
    );
    // Column by column: an object for each row would take many times the memory.
    await parquetRead({
      file: buffer,
      compressors,
      metadata,
      onChunk({columnName, columnData, rowStart}) {
        const values = columns.get(columnName);
        for (let i = 0; i < columnData.length; ++i) if (values) values[rowStart + i] = columnData[i];
      }
    });
    return {file, rows, columns};
  });
}

/** What a library says of a file as an ImportError; those that name the file already stay as they are. */
async function orDamaged<T>(file: ImportFile, expected: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`${file.name}: expected ${expected}. ${String(error)}`, {cause: error});
  }
}
