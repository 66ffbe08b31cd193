import {html, nothing, type TemplateResult} from "lit";
import type {DrawnColumn} from "./columns.ts";
import {describeFilter, type Filter} from "./filter.ts";
import type {GridRows} from "./rows.ts";
import type {GridSource} from "./source.ts";

const number = new Intl.NumberFormat("en-US");

/** `1 row`, `1,797 rows`. */
export const plural = (n: number, noun: string) => `${number.format(n)} ${noun}${n === 1 ? "" : "s"}`;

export const exportFormats = ["CSV", "Arrow", "Parquet"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** The filters in words; a click takes one away. */
export function chips(
  {columns: all}: GridRows,
  columns: readonly DrawnColumn[],
  filters: readonly Filter[],
  change: (filters: Filter[]) => void
): TemplateResult | typeof nothing {
  const known = filters.filter(({column}) => all.some(({name}) => name === column));
  if (!known.length) return nothing;
  const text = (filter: Filter) =>
    describeFilter(filter, filter.column, columns.find(({name}) => name === filter.column)?.text ?? String);
  return html`<div class="chips" role="group" aria-label="Filters">
    ${known.map(
      (filter) => html`<button
        type="button"
        class="chip"
        title="Remove this filter"
        @click=${() => change(filters.filter((one) => one !== filter))}
      >${text(filter)}<span aria-hidden="true">×</span></button>`
    )}
  </div>`;
}

/** What there is instead of a table: a statement that yields no rows, or rows without columns. */
export function inWords({rowCount}: GridRows, done: GridSource["done"]): TemplateResult {
  if (!done) return html`<div class="foot">No columns, ${plural(rowCount, "row")}</div>`;
  const rows = done.changedRows === null ? "" : ` ${plural(done.changedRows, "row")}.`;
  return html`<div class="foot" role="status">Done.${rows}</div>`;
}

export interface FootActions {
  columns(event: Event): void;
  copy(): void;
  download(format: ExportFormat): void;
}

/** What is shown of how much, and what can be done with all of it. */
export function foot(
  rows: GridRows,
  columnCount: number,
  remarks: readonly string[],
  {columns, copy, download}: FootActions
): TemplateResult {
  const all = plural(rows.rowCount, "row");
  const count = rows.shown === rows.rowCount ? all : `${number.format(rows.shown)} of ${all}`;
  const names = plural(rows.columns.length, "column");
  const width = columnCount === rows.columns.length ? names : `${columnCount} of ${names}`;
  const notes = [rows.truncated ? "the query has more" : "", rows.problem ?? "", ...remarks].filter(Boolean);
  return html`<div class="foot">
    <span class="count" role="status">${count} × ${width}${notes.map((note) => ` · ${note}`).join("")}</span>
    <button type="button" title="Show, hide and find columns" @click=${columns}>Columns</button>
    <button type="button" title="Copy the selected cells, or all" @click=${copy}>Copy</button>
    ${exportFormats.map(
      (format) => html`<button
        type="button"
        title="Download the rows and columns shown as ${format}"
        @click=${() => download(format)}
      >${format}</button>`
    )}
  </div>`;
}
