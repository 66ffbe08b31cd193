import {html, nothing, type TemplateResult} from "lit";
import {classMap} from "lit/directives/class-map.js";
import type {DrawnColumn} from "./columns.ts";
import {distribution} from "./distribution.ts";
import {ownFilters} from "./filter.ts";
import type {GridState} from "./grid-state.ts";
import {lineOf, lineText} from "./line.ts";
import {type GridRows, pending} from "./rows.ts";
import {contains, isMany, type Place, rangeOf} from "./selection.ts";
import type {Summaries} from "./summaries.ts";

/** The columns in view, and where they stand. */
export interface View {
  columns: readonly DrawnColumn[];
  /** Left side of each column in pixels, and the right side of the last. */
  edges: readonly number[];
  /** The first columns, as many, stay at the left. */
  pinned: number;
  /** The others in view, `first` up to but without `end`. */
  first: number;
  end: number;
  /** Whether there is room left beside the columns. */
  isRoomy: boolean;
  state: GridState;
  rows: GridRows;
}

/** Characters of one cell that are drawn; the rest is there to copy. */
const longestText = 500;

export const cellId = ({row, column}: Place) => `c${row}-${column}`;

/** The cell in which something happened, null outside of all. */
export function placeOf(event: Event): Place | null {
  const cell = (event.composedPath()[0] as Element).closest?.<HTMLElement>(".cell");
  return cell ? {row: Number(cell.dataset.row), column: Number(cell.dataset.column)} : null;
}

const isActive = ({selection: {active}}: GridState, {row, column}: Place) =>
  active.row === row && active.column === column;

/** Whether a column is drawn. */
export const isInView = ({pinned, first, end}: View, column: number) =>
  column < pinned || (column >= first && column < end);

/** Names of the columns in view whose heads draw how values are distributed. */
export function summedUp(view: View): string[] {
  const inView = view.columns.filter((_, i) => isInView(view, i));
  return inView.flatMap(({name, kind}) => (kind === "list" || kind === "other" ? [] : [name]));
}

const placement = ({edges}: View) => `width: ${edges[edges.length - 1]}px`;

/** Columns of text take what room is left, as far as they may need it. */
function size({isRoomy, pinned, edges}: View, {widthPx, roomPx}: DrawnColumn, column: number): string {
  if (isRoomy && roomPx > widthPx) return `flex: 1 0 ${widthPx}px; max-width: ${roomPx}px`;
  return column < pinned ? `width: ${widthPx}px; left: ${edges[column]}px` : `width: ${widthPx}px`;
}

/** The cells of a row: pinned ones, a gap for those out of view, and those in view. */
function cellsOf(view: View, cell: (column: DrawnColumn, index: number) => TemplateResult): TemplateResult {
  const {columns, edges, pinned, first, end} = view;
  const gap = edges[first] - edges[pinned];
  return html`${columns.slice(0, pinned).map(cell)}${
    gap > 0 ? html`<div class="gap" role="presentation" style="width: ${gap}px"></div>` : nothing
  }${columns.slice(first, end).map((column, i) => cell(column, first + i))}`;
}

function sortMark({orders}: GridState, name: string): {aria: string; mark: string} {
  const at = orders.findIndex(({column}) => column === name);
  if (at < 0) return {aria: "none", mark: ""};
  const rank = orders.length > 1 ? "¹²³⁴⁵⁶⁷⁸⁹"[at] : "";
  const {descending} = orders[at];
  return {aria: descending ? "descending" : "ascending", mark: ` ${descending ? "↓" : "↑"}${rank}`};
}

export function headRow(view: View, summaries: Summaries | null): TemplateResult {
  const {state} = view;
  const cells = cellsOf(view, (column, index) => {
    const place = {row: -1, column: index};
    const {aria, mark} = sortMark(state, column.name);
    const own = ownFilters(state.filters, column.name);
    const classes = {
      cell: true,
      [column.kind]: true,
      pinned: index < view.pinned,
      active: isActive(state, place),
      filtered: own.length > 0
    };
    return html`<div
        class=${classMap(classes)}
        id=${cellId(place)}
        role="columnheader"
        aria-colindex=${index + 1}
        aria-sort=${aria}
        aria-haspopup="dialog"
        style=${size(view, column, index)}
        data-row="-1"
        data-column=${index}
      ><span class="name" title="${column.name}: click to sort">${column.name}${mark}</span><button
        type="button"
        class="more"
        tabindex="-1"
        aria-label="Column ${column.name}"
        title="Filter, format, pin, hide"
      >⋮</button><span class="type">${column.type}</span>${
        summaries
          ? html`<span class="distribution">${distribution(column, summaries.of(column.name), own)}</span>`
          : nothing
      }<span class="edge" title="Drag to resize, double click to fit"></span></div>`;
  });
  return html`<div class="row head" role="row" aria-rowindex="1" style=${placement(view)}>${cells}</div>`;
}

function content(column: DrawnColumn, value: unknown, text: string): unknown {
  if (value === pending) return html`<span class="waiting"></span>`;
  if (column.kind === "list" && value !== null && value !== undefined) return lineOf(value);
  const shown = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  const dot = column.dot?.(value);
  return dot ? html`<span class="dot" style="background: ${dot}"></span>${shown}` : shown;
}

function tooltip(column: DrawnColumn, value: unknown, text: string): string | typeof nothing {
  if (value === pending || value === null || value === undefined) return nothing;
  if (column.kind === "list") return lineText(value);
  return column.kind === "number" || text.length * 7 > column.widthPx ? String(value) : nothing;
}

/** The `row`th row shown. */
export function bodyRow(view: View, row: number): TemplateResult {
  const {state, rows} = view;
  const range = rangeOf(state.selection);
  const cells = cellsOf(view, (column, index) => {
    const place = {row, column: index};
    const value = rows.cell(row, column.index);
    const text = value === pending ? "" : column.text(value);
    const selected = isMany(range) && contains(range, place);
    const classes = {
      cell: true,
      [column.kind]: true,
      pinned: index < view.pinned,
      blank: value === null || value === undefined,
      selected,
      active: isActive(state, place)
    };
    return html`<div
        class=${classMap(classes)}
        id=${cellId(place)}
        role="gridcell"
        aria-colindex=${index + 1}
        aria-selected=${selected}
        style=${size(view, column, index)}
        title=${tooltip(column, value, text)}
        data-row=${row}
        data-column=${index}
      >${content(column, value, text)}</div>`;
  });
  return html`<div class="row" role="row" aria-rowindex=${row + 2} style=${placement(view)}>${cells}</div>`;
}
