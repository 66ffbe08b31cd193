import {columnEdges, type DrawnColumn, drawnColumns, figuresPx, pinnedIn} from "./columns.ts";
import type {GridState} from "./grid-state.ts";
import {type GridRows, pending} from "./rows.ts";
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
  /** Widths that figures in view needed, by column. */
  private readonly needed = new Map<string, number>();

  update(rows: GridRows, state: GridState): void {
    const {hidden, pinned, widths, formats} = state;
    const from = [rows, rows.sample, hidden, pinned, widths, formats];
    if (from.every((part, i) => part === this.foundFrom[i])) return;
    if (rows !== this.foundFrom[0]) this.needed.clear();
    this.foundFrom = from;
    const found = drawnColumns(rows.columns, rows.sample, state);
    this.columns = found.drawn.map((column) => this.widened(seated(column, state), state));
    this.pinned = found.pinned;
    this.edges = columnEdges(this.columns);
  }

  /**
   * Takes note of figures in the rows in view that are wider than their column: those of the sample need not have been, and
   * sorting brings the largest into view. Whether there are any; the columns are then found again.
   */
  makeRoom({columns, pinned, first, end, rows, state}: View, top: number, bottom: number): boolean {
    const inView = [...columns.slice(0, pinned), ...columns.slice(first, end)];
    let isNew = false;
    for (const column of inView.filter(({name}) => state.widths[name] === undefined)) {
      for (let row = top; row < bottom; row++) {
        const value = rows.cell(row, column.index);
        const neededPx = value === pending ? 0 : figuresPx(column, column.text(value));
        if (neededPx <= (this.needed.get(column.name) ?? column.widthPx)) continue;
        this.needed.set(column.name, neededPx);
        isNew = true;
      }
    }
    if (isNew) this.foundFrom = [rows];
    return isNew;
  }

  private widened(column: DrawnColumn, state: GridState): DrawnColumn {
    const neededPx = this.needed.get(column.name) ?? 0;
    if (state.widths[column.name] !== undefined || neededPx <= column.widthPx) return column;
    return {...column, widthPx: neededPx, roomPx: Math.max(neededPx, column.roomPx)};
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
