import {parseReference} from "./cell-reference.ts";

/** What a sheet needs of its workbook. */
export interface WorkbookParts {
  parse(path: string): Document | undefined;
  /** Strings that cells name by index. */
  strings: string[];
  /** By style index: whether a number of that style is a date. */
  dates: boolean[];
  /** The year that day numbers count from. */
  epoch: 1900 | 1904;
}

export interface Sheet {
  rowCount: number;
  columnCount: number;
  /** A cell's value by zero-based position; undefined where the sheet has none or shows an error. */
  cell(row: number, column: number): unknown;
}

const DAY_MS = 86_400_000;

/** Day numbers of the 1900 system count a 29 February 1900 that never was, hence 30 December 1899. */
function toDate(days: number, epoch: 1900 | 1904): Date {
  const start = epoch === 1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  return new Date(start + Math.round(days * DAY_MS));
}

function valueOfCell(cell: Element, {strings, dates, epoch}: WorkbookParts): unknown {
  const child = (name: string): string | undefined =>
    cell.getElementsByTagNameNS("*", name)[0]?.textContent ?? undefined;
  const type = cell.getAttribute("t");
  if (type === "inlineStr") return child("t");
  const text = child("v");
  if (text === undefined) return undefined;
  switch (type) {
    case "s":
      return strings[Number(text)];
    case "str":
      return text;
    case "b":
      return text === "1";
    case "d":
      return new Date(text);
    case "e":
      // An error is nothing, but the error of a formula is a number that could not be had.
      return child("f") === undefined ? undefined : Number.NaN;
    default:
      return dates[Number(cell.getAttribute("s"))] ? toDate(Number(text), epoch) : Number(text);
  }
}

export function readSheet(path: string, parts: WorkbookParts): Sheet {
  const rows: unknown[][] = [];
  let columnCount = 0;
  for (const element of parts.parse(path)?.getElementsByTagNameNS("*", "row") ?? []) {
    const row: unknown[] = [];
    for (const cell of element.children) {
      const {column = row.length} = parseReference(cell.getAttribute("r") ?? "");
      row[column] = valueOfCell(cell, parts);
    }
    rows[Number(element.getAttribute("r") ?? rows.length + 1) - 1] = row;
    columnCount = Math.max(columnCount, row.length);
  }
  return {rowCount: rows.length, columnCount, cell: (row, column) => rows[row]?.[column]};
}
