import {excerpt} from "./cells.ts";
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

/** An Arrow IPC file or stream. */
export async function readArrow(file: ImportFile): Promise<ColumnTable> {
  const {DataType, tableFromIPC} = await import("apache-arrow");
  try {
    const table = tableFromIPC(file.bytes);
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
  } catch (error) {
    throw new ImportError(`${file.name}: expected an Arrow file or stream. ${String(error)}`, {cause: error});
  }
}

/** A Parquet file of any compression. */
export async function readParquet(file: ImportFile): Promise<ColumnTable> {
  const [{parquetMetadataAsync, parquetReadObjects}, {compressors}] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors")
  ]);
  const {bytes} = file;
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(buffer);
    const objects = await parquetReadObjects({file: buffer, compressors, metadata});
    const names = metadata.schema
      .slice(1)
      .filter(({num_children}) => !num_children)
      .map(({name}) => name);
    const present = objects.length > 0 ? Object.keys(objects[0]) : names;
    return {
      file,
      rows: objects.length,
      columns: new Map(present.map((name) => [name, objects.map((row) => row[name])]))
    };
  } catch (error) {
    throw new ImportError(`${file.name}: expected a Parquet file. ${String(error)}`, {cause: error});
  }
}
