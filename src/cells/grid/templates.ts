import {html, nothing, type TemplateResult} from "lit";
import {classMap} from "lit/directives/class-map.js";
import type {DrawnColumn} from "./columns.ts";
import type {GridState} from "./grid-state.ts";
import {contains, isMany, type Place, rangeOf} from "./selection.ts";

/** The columns in view, and where they stand. */
export interface View {
  columns: readonly DrawnColumn[];
  /** Left side of each column in pixels, and the right side of the last. */
  edges: readonly number[];
  first: number;
  end: number;
  /** Whether there is room left beside the columns. */
  isRoomy: boolean;
  state: GridState;
}

/** Characters of one cell that are drawn; the rest is there to copy. */
const longestText = 500;

export const cellId = ({row, column}: Place) => `c${row}-${column}`;

const isActive = ({selection: {active}}: GridState, {row, column}: Place) =>
  active.row === row && active.column === column;

const placement = ({edges, first}: View) =>
  `width: ${edges[edges.length - 1]}px; padding-left: ${edges[first]}px`;

/** Columns of text take what room is left, as far as they may need it. */
const size = ({isRoomy}: View, {widthPx, roomPx}: DrawnColumn) =>
  isRoomy && roomPx > widthPx ? `flex: 1 0 ${widthPx}px; max-width: ${roomPx}px` : `width: ${widthPx}px`;

export function headRow(view: View): TemplateResult {
  const {columns, first, end, state} = view;
  const {sort} = state;
  return html`<div class="row head" role="row" aria-rowindex="1" style=${placement(view)}>
    ${columns.slice(first, end).map((column, i) => {
      const place = {row: -1, column: first + i};
      const sorted = sort?.name === column.name ? (sort.descending ? "descending" : "ascending") : "none";
      const arrow = {none: "", ascending: " ↑", descending: " ↓"}[sorted];
      return html`<div
        class=${classMap({cell: true, [column.kind]: true, active: isActive(state, place)})}
        id=${cellId(place)}
        role="columnheader"
        aria-colindex=${place.column + 1}
        aria-sort=${sorted}
        style=${size(view, column)}
        title="Sort by ${column.name}"
        data-row="-1"
        data-column=${place.column}
      >${column.name}${arrow}<span class="type">${column.type}</span></div>`;
    })}
  </div>`;
}

/** One row: the `row`th shown, which is the `at`th of the table. */
export function bodyRow(view: View, row: number, at: number): TemplateResult {
  const {columns, first, end, state} = view;
  const range = rangeOf(state.selection);
  return html`<div class="row" role="row" aria-rowindex=${row + 2} style=${placement(view)}>${columns
    .slice(first, end)
    .map((column, i) => {
      const place = {row, column: first + i};
      const value = column.value(at);
      const text = column.text(at);
      const selected = isMany(range) && contains(range, place);
      const classes = {
        cell: true,
        [column.kind]: true,
        blank: value === null || value === undefined,
        selected,
        active: isActive(state, place)
      };
      return html`<div
        class=${classMap(classes)}
        id=${cellId(place)}
        role="gridcell"
        aria-colindex=${place.column + 1}
        aria-selected=${selected}
        style=${size(view, column)}
        title=${column.kind === "number" || text.length * 7 > column.widthPx ? String(value) : nothing}
        data-row=${row}
        data-column=${place.column}
      >${text.length > longestText ? `${text.slice(0, longestText)}…` : text}</div>`;
    })}</div>`;
}
