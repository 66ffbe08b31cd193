import {exactText} from "./format.ts";
import type {GridColumn} from "./source.ts";

export type Separator = "\t" | ",";

function quote(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = (fields: readonly string[], separator: Separator) =>
  `${fields.map((field) => quote(field, separator)).join(separator)}\n`;

/** The line of names above the rows. */
export function headLine(columns: readonly GridColumn[], separator: Separator): string {
  return line(
    columns.map(({name}) => name),
    separator
  );
}

/**
 * Rows `first` up to but without `end` as lines of text, nothing rounded. Cells with the separator, quotes or line ends
 * are quoted, as spreadsheets read them (RFC 4180).
 */
export function separatedLines(
  columns: readonly GridColumn[],
  first: number,
  end: number,
  separator: Separator
): string {
  let text = "";
  for (let row = first; row < end; row++) {
    text += line(
      columns.map((column) => exactText(column.value(row), column)),
      separator
    );
  }
  return text;
}
