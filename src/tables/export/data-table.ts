import {arrowWriter} from "./arrow-file.ts";
import {csvWriter} from "./csv-file.ts";
import {parquetWriter} from "./parquet-file.ts";

/** A column, or a part of one. Times are milliseconds since the epoch; null where there is nothing. */
export type DataColumn =
  /** `words`: all that it has, in whichever part; of a column that comes in one part they can be told from its values. */
  | {name: string; type: "text"; values: readonly (string | null)[]; words?: readonly string[]}
  | {name: string; type: "boolean"; values: readonly (boolean | null)[]}
  | {name: string; type: "number" | "integer" | "time"; values: ArrayLike<number | null>};

/** Writes a table part by part, so that only one of them is in memory. */
export interface TableWriter {
  /** Adds rows; the columns are the same each time. */
  write(columns: readonly DataColumn[]): void;
  /** The file. */
  finish(): Blob;
}

export type TableFormat = "csv" | "arrow" | "parquet";

const writers: Record<TableFormat, () => TableWriter | Promise<TableWriter>> = {
  csv: csvWriter,
  arrow: arrowWriter,
  parquet: parquetWriter
};

const mimeTypes: Record<TableFormat, string> = {
  csv: "text/csv",
  arrow: "application/vnd.apache.arrow.file",
  parquet: "application/vnd.apache.parquet"
};

const fileOf = (writer: TableWriter, name: string, format: TableFormat) =>
  new File([writer.finish()], `${name}.${format}`, {type: mimeTypes[format]});

/** A table that is in memory as a file. `name`: without an ending. */
export async function writeTable(
  name: string,
  columns: readonly DataColumn[],
  format: TableFormat
): Promise<File> {
  const writer = await writers[format]();
  writer.write(columns);
  return fileOf(writer, name, format);
}

/** Rows of one part: enough for the formats to compress, few enough for memory. */
const rowsPerPart = 50_000;

type Cell = string | number | boolean | null;
type ColumnKind = {name: string} & (
  | {type: "text"; words?: readonly string[]}
  | {type: "number" | "integer" | "time"}
);

/** A table as a file, row by row. */
export class TableFile {
  private readonly name: string;
  private readonly columns: readonly ColumnKind[];
  private readonly format: TableFormat;
  private readonly writer: TableWriter;
  private cells: Cell[][];
  private rows = 0;
  /** Rows that were given in all. */
  length = 0;

  private constructor(
    name: string,
    columns: readonly ColumnKind[],
    format: TableFormat,
    writer: TableWriter
  ) {
    this.name = name;
    this.columns = columns;
    this.format = format;
    this.writer = writer;
    this.cells = columns.map(() => []);
  }

  /** Begins a table. `name`: of the file, without its ending. */
  static async open(name: string, columns: readonly ColumnKind[], format: TableFormat): Promise<TableFile> {
    return new TableFile(name, columns, format, await writers[format]());
  }

  /** Adds a row: a cell a column. */
  push(row: readonly Cell[]): void {
    for (let i = 0; i < row.length; i++) this.cells[i].push(row[i]);
    this.length++;
    if (++this.rows === rowsPerPart) this.flush();
  }

  finish(): File {
    if (this.rows > 0 || this.length === 0) this.flush();
    return fileOf(this.writer, this.name, this.format);
  }

  private flush(): void {
    this.writer.write(this.columns.map((column, i) => ({...column, values: this.cells[i]}) as DataColumn));
    this.cells = this.columns.map(() => []);
    this.rows = 0;
  }
}
