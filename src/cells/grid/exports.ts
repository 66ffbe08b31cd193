import {breathe} from "../../tables/breathe.ts";
import {LocalRows} from "./local-rows.ts";
import type {GridRows} from "./rows.ts";
import {isMany, type Range} from "./selection.ts";
import {headLine, type Separator, separatedLines} from "./separated.ts";
import {type GridColumn, type GridSource, isArrow} from "./source.ts";
import {ViewRows} from "./view-rows.ts";

/** Rows written between two looks at what else the page has to do. */
const chunkRows = 10_000;

/** What is copied or exported: rows shown from `first` up to but without `end`, of these columns by index. */
export interface Part {
  first: number;
  end: number;
  columns: readonly number[];
}

/** The selected cells; all that is shown when no more than one is. */
export function partOf(range: Range | null, shown: number, columns: readonly number[]): Part {
  if (!isMany(range)) return {first: 0, end: shown, columns};
  const {top, bottom, left, right} = range;
  return {first: top, end: Math.min(bottom + 1, shown), columns: columns.slice(left, right + 1)};
}

async function rowsOf(rows: GridRows, {first, end, columns}: Part): Promise<GridSource> {
  const source = await rows.read(first, end);
  return {rowCount: source.rowCount, columns: columns.map((i) => source.columns[i])};
}

/** All of the part as text with a line of names, in pieces. */
async function separatedPieces(rows: GridRows, part: Part, separator: Separator): Promise<string[]> {
  const {columns, rowCount} = await rowsOf(rows, part);
  const pieces = [headLine(columns, separator)];
  for (let first = 0; first < rowCount; first += chunkRows) {
    if (first > 0) await breathe();
    pieces.push(separatedLines(columns, first, Math.min(rowCount, first + chunkRows), separator));
  }
  return pieces;
}

export async function csvFile(rows: GridRows, part: Part): Promise<Blob> {
  return new Blob(await separatedPieces(rows, part, ","), {type: "text/csv"});
}

/** For the clipboard, as spreadsheets read it. */
export async function tabbedText(rows: GridRows, part: Part): Promise<string> {
  return (await separatedPieces(rows, part, "\t")).join("");
}

/** The same at once, for rows that are on the page; null for others. */
export function tabbedNow(rows: GridRows, {first, end, columns}: Part): string | null {
  if (!(rows instanceof LocalRows)) return null;
  const source = rows.read(first, end);
  const chosen: GridColumn[] = columns.map((i) => source.columns[i]);
  return headLine(chosen, "\t") + separatedLines(chosen, 0, end - first, "\t");
}

export async function parquetBlob(rows: GridRows, part: Part): Promise<Blob> {
  const {parquetFile} = await import("./parquet.ts");
  return new Blob([await parquetFile(await rowsOf(rows, part))], {type: "application/vnd.apache.parquet"});
}

/** All rows shown as an Arrow file; `table` is what the grid was given. */
export async function arrowFile(
  rows: GridRows,
  {columns}: Pick<Part, "columns">,
  table: Iterable<unknown>
): Promise<Blob> {
  const {toArrowIPC} = await import("../../tables/arrow.ts");
  const bytes = await toArrowIPC(await arrowOf(rows, columns, table));
  return new Blob([bytes as BlobPart], {type: "application/vnd.apache.arrow.file"});
}

async function arrowOf(rows: GridRows, columns: readonly number[], table: Iterable<unknown>) {
  const names = columns.map((i) => rows.columns[i].name);
  if (rows instanceof ViewRows) return rows.toArrow(names);
  // A column that is not of the table was put beside it by who shows it.
  const isOfTable = isArrow(table) && columns.every((i, at) => table.schema.fields[i]?.name === names[at]);
  if (rows instanceof LocalRows && isOfTable) {
    const {takeRows} = await import("../../tables/take.ts");
    return takeRows(table as never, columns, rows.order);
  }
  const source = await rows.read(0, rows.shown);
  return Array.from({length: source.rowCount}, (_, row) =>
    Object.fromEntries(columns.map((i) => [source.columns[i].name, plainValue(source.columns[i], row)]))
  );
}

/** Arrow gives times as milliseconds. */
function plainValue({kind, value}: GridColumn, row: number): unknown {
  const raw = value(row);
  return kind === "date" && typeof raw === "number" ? new Date(raw) : raw;
}
