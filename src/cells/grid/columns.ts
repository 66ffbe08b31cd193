import {columnFormat} from "./format.ts";
import type {GridState} from "./grid-state.ts";
import type {GridColumn, GridSource} from "./source.ts";

/** Widths in pixels at 13 px: of a letter, a tabular figure, a cell's padding, and the least and most of a column. */
const [letterPx, figurePx, paddingPx, leastPx, mostPx] = [7.3, 8.3, 18, 56, 320];
/** What a drawn line of numbers takes, and the dot before a status. */
const [linePx, dotPx] = [96, 14];
/** The least a reader can make a column. */
export const narrowestPx = 28;

/** Rows that decide how wide a column is: the first ones, and as many from all over the table. */
const sampleRows = 100;

function* sampled(rowCount: number): Generator<number> {
  const head = Math.min(rowCount, sampleRows);
  for (let row = 0; row < head; row++) yield row;
  const stride = Math.max(1, (rowCount - head) / sampleRows);
  for (let row = rowCount - 1; row >= head; row -= stride) yield Math.floor(row);
}

/** A column ready to be drawn. */
export interface DrawnColumn extends GridColumn {
  /** Its place in the table. */
  index: number;
  text(value: unknown): string;
  /** Its width where the table is wider than its place. */
  widthPx: number;
  /** How wide it may become where there is room left. */
  roomPx: number;
}

/** Room for the sort mark and the menu's button beside the name. */
const toolsPx = 26;

/** What a figure takes with its padding: cut off, it would be another one. Zero for what may be cut off. */
export function figuresPx({kind, widthPx}: DrawnColumn, text: string): number {
  if (kind !== "number" && kind !== "date") return 0;
  const neededPx = Math.round(text.length * figurePx + paddingPx);
  return neededPx > widthPx ? Math.min(mostPx, neededPx) : 0;
}

function measured(
  column: GridColumn,
  index: number,
  sample: GridSource | null,
  state: GridState
): DrawnColumn {
  const own = sample?.columns[index] ?? column;
  const rowCount = sample?.rowCount ?? 0;
  const text = columnFormat(own, rowCount, state.formats[column.name] ?? column.format);
  const isText = column.kind === "text" || column.kind === "other";
  const characterPx = isText || column.kind === "boolean" ? letterPx : figurePx;
  let longestPx = Math.max(column.name.length * 8 + toolsPx, column.type.length * 6.5);
  if (column.kind === "list") longestPx = Math.max(longestPx, linePx);
  else
    for (const row of sampled(rowCount))
      longestPx = Math.max(longestPx, text(own.value(row)).length * characterPx);
  if (column.dot) longestPx += dotPx;
  const given = state.widths[column.name];
  const widthPx = given ?? Math.round(Math.min(mostPx, Math.max(leastPx, longestPx + paddingPx)));
  const grows = isText && given === undefined && !column.dot;
  const roomPx = grows ? Math.round(Math.max(widthPx, 1.5 * longestPx + paddingPx)) : widthPx;
  return {...column, index, text, widthPx, roomPx};
}

export const isHidden = ({name, hidden = false}: GridColumn, state: GridState) =>
  state.hidden[name] ?? hidden;

export const isPinned = ({name, pinned = false}: GridColumn, state: GridState) =>
  state.pinned[name] ?? pinned;

/** The columns that are shown, pinned ones first, with formats and widths, which stay while rows scroll. */
export function drawnColumns(
  columns: readonly GridColumn[],
  sample: GridSource | null,
  state: GridState
): {drawn: DrawnColumn[]; pinned: number} {
  const places = columns
    .map((column, index) => ({column, index}))
    .filter(({column}) => !isHidden(column, state));
  const pinned = places.filter(({column}) => isPinned(column, state));
  const others = places.filter(({column}) => !isPinned(column, state));
  const drawn = [...pinned, ...others].map(({column, index}) => measured(column, index, sample, state));
  return {drawn, pinned: pinned.length};
}

/** The left side of each column, and the right side of the last. */
export function columnEdges(columns: readonly DrawnColumn[]): number[] {
  const edges = [0];
  for (const {widthPx} of columns) edges.push(edges[edges.length - 1] + widthPx);
  return edges;
}

/** How many of the pinned columns stay: those that leave most of a narrow window to the others. */
export function pinnedIn(edges: readonly number[], pinned: number, viewWidth: number): number {
  let count = pinned;
  while (count > 0 && edges[count] > 0.6 * viewWidth) count--;
  return count;
}
