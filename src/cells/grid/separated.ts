import {exactText} from "./format.ts";
import type {GridColumn} from "./source.ts";

/** Rows and columns of a rectangle, first and last included. */
export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

function quote(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A rectangle of a table as text with a header line; `rowAt` gives the table's row for one of the range.
 * Cells with the separator, quotes or line ends are quoted, as spreadsheets read them (RFC 4180).
 */
export function separatedText(
  columns: readonly GridColumn[],
  {top, bottom, left, right}: Range,
  rowAt: (row: number) => number,
  separator: "\t" | ","
): string {
  const chosen = columns.slice(left, right + 1);
  const lines = [chosen.map(({name}) => quote(name, separator)).join(separator)];
  for (let row = top; row <= bottom; row++) {
    const at = rowAt(row);
    lines.push(chosen.map((column) => quote(exactText(column.value(at), column), separator)).join(separator));
  }
  return `${lines.join("\n")}\n`;
}
