import {columnEdges, type DrawnColumn, drawnColumns, pinnedIn} from "./columns.ts";
import type {GridState} from "./grid-state.ts";
import type {GridRows} from "./rows.ts";
import type {View} from "./templates.ts";
import {visibleColumns} from "./viewport.ts";

/** A column keeps its width from one result to the next unless less than this share of it would do. */
const enough = 0.6;

/** The columns that are shown with their places, found again when something they depend on is another. */
export class ColumnLayout {
  columns: readonly DrawnColumn[] = [];
  edges: readonly number[] = [0];
  private pinned = 0;
  private foundFrom: readonly unknown[] = [];

  update(rows: GridRows, state: GridState): void {
    const {hidden, pinned, widths, formats} = state;
    const from = [rows, rows.sample, hidden, pinned, widths, formats];
    if (from.every((part, i) => part === this.foundFrom[i])) return;
    this.foundFrom = from;
    const found = drawnColumns(rows.columns, rows.sample, state);
    this.columns = found.drawn.map((column) => seated(column, state));
    this.pinned = found.pinned;
    this.edges = columnEdges(this.columns);
  }

  /** What is in view of a place of that width. */
  view(rows: GridRows, state: GridState, viewWidth: number): View {
    const {columns, edges} = this;
    const pinned = pinnedIn(edges, this.pinned, viewWidth);
    const inView = visibleColumns(edges, state.scrollLeft + edges[pinned], viewWidth - edges[pinned]);
    const first = Math.max(pinned, inView.first);
    const isRoomy = edges[edges.length - 1] < viewWidth;
    return {columns, edges, pinned, first, end: Math.max(first, inView.end), isRoomy, state, rows};
  }
}

/** Rows that come and go do not make a column breathe. */
function seated(column: DrawnColumn, state: GridState): DrawnColumn {
  if (state.widths[column.name] !== undefined) return column;
  const before = state.seats.get(column.name) ?? 0;
  const widthPx = column.widthPx < enough * before ? column.widthPx : Math.max(before, column.widthPx);
  state.seats.set(column.name, widthPx);
  return {...column, widthPx, roomPx: Math.max(widthPx, column.roomPx)};
}
