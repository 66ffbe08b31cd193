import {columnFormat} from "./format.ts";
import type {GridColumn, GridSource} from "./source.ts";

/** Widths in pixels at 13 px: of a letter, a tabular figure, a cell's padding, and the least and most of a column. */
const [letterPx, figurePx, paddingPx, leastPx, mostPx] = [7.3, 8.3, 18, 56, 320];

/** Rows that decide how wide a column is: the first ones, and as many from all over the table. */
const sampleRows = 100;

function* sample(rowCount: number): Generator<number> {
  const head = Math.min(rowCount, sampleRows);
  for (let row = 0; row < head; row++) yield row;
  const stride = Math.max(1, (rowCount - head) / sampleRows);
  for (let row = rowCount - 1; row >= head; row -= stride) yield Math.floor(row);
}

/** A column ready to be drawn. */
export interface DrawnColumn extends GridColumn {
  text(row: number): string;
  /** Its width where the table is wider than its place. */
  widthPx: number;
  /** How wide it may become where there is room left. */
  roomPx: number;
}

/** The columns of a table with their formats and widths, which stay while rows scroll. */
export function drawnColumns({columns, rowCount}: GridSource): DrawnColumn[] {
  return columns.map((column) => {
    const format = columnFormat(column, rowCount);
    const text = (row: number) => format(column.value(row));
    const characterPx = column.kind === "number" || column.kind === "date" ? figurePx : letterPx;
    let longestPx = Math.max(column.name.length * 8 + 12, column.type.length * 6.5);
    for (const row of sample(rowCount)) {
      longestPx = Math.max(longestPx, text(row).length * characterPx);
    }
    const widthPx = Math.round(Math.min(mostPx, Math.max(leastPx, longestPx + paddingPx)));
    const isText = column.kind === "text" || column.kind === "other";
    const roomPx = isText ? Math.round(Math.max(widthPx, 1.5 * longestPx + paddingPx)) : widthPx;
    return {...column, text, widthPx, roomPx};
  });
}

/** The left side of each column, and the right side of the last. */
export function columnEdges(columns: readonly DrawnColumn[]): number[] {
  const edges = [0];
  for (const {widthPx} of columns) edges.push(edges[edges.length - 1] + widthPx);
  return edges;
}
