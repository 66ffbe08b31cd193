import {arrowFile} from "./arrow-file.ts";
import {parquetFile} from "./parquet-file.ts";

/** A table to write into a file. Times are milliseconds since the epoch; null where there is nothing. */
export interface DataTable {
  /** Of the file, without its ending. */
  name: string;
  columns: readonly DataColumn[];
}

export type DataColumn =
  | {name: string; type: "text"; values: readonly (string | null)[]}
  | {name: string; type: "boolean"; values: readonly (boolean | null)[]}
  | {name: string; type: "number" | "integer" | "time"; values: ArrayLike<number | null>};

export type TableFormat = "csv" | "arrow" | "parquet";

const cannotStandBare = /[",\r\n]|^\s|\s$/;

function csvCell(text: string): string {
  return cannotStandBare.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellText(value: unknown, type: DataColumn["type"]): string {
  if (value === null || value === undefined) return "";
  if (type === "time") return new Date(value as number).toISOString();
  return Object.is(value, -0) ? "-0" : csvCell(String(value));
}

/** Lines of one string: all of a large table would be longer than a string can be. */
const linesPerPart = 50_000;

/** The table as CSV, in parts. */
function csvFile({columns}: DataTable): Blob {
  const rows = columns[0]?.values.length ?? 0;
  const parts = [`${columns.map(({name}) => csvCell(name)).join(",")}\n`];
  for (let from = 0; from < rows; from += linesPerPart) {
    let part = "";
    for (let row = from; row < Math.min(rows, from + linesPerPart); row++) {
      part += `${columns.map(({values, type}) => cellText(values[row], type)).join(",")}\n`;
    }
    parts.push(part);
  }
  return new Blob(parts);
}

const writers: Record<TableFormat, (table: DataTable) => BlobPart | Promise<BlobPart>> = {
  csv: csvFile,
  arrow: arrowFile,
  parquet: parquetFile
};

const mimeTypes: Record<TableFormat, string> = {
  csv: "text/csv",
  arrow: "application/vnd.apache.arrow.file",
  parquet: "application/vnd.apache.parquet"
};

/** The table as a file. */
export async function writeTable(table: DataTable, format: TableFormat): Promise<File> {
  return new File([await writers[format](table)], `${table.name}.${format}`, {type: mimeTypes[format]});
}
