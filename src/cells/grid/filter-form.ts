import {html, nothing, type TemplateResult} from "lit";
import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import type {DrawnColumn} from "./columns.ts";
import type {ColumnKind} from "./source.ts";

/** What the form of a column's filter needs. */
export interface FilterForm {
  column: DrawnColumn;
  summary: ColumnSummary | null;
  /** The conditions on this column. */
  own: readonly Filter[];
  /** Replaces them. */
  change(own: Filter[]): void;
}

/** What a person typed as an end of a range; undefined for nothing, null for what is no number or time. */
export function rangeEnd(text: string, kind: ColumnKind): number | Date | null | undefined {
  const trimmed = text.trim().replace("−", "-");
  if (!trimmed) return undefined;
  if (kind === "date") {
    const date = new Date(/[zZ]$/.test(trimmed) ? trimmed : `${trimmed.replace(" ", "T")}Z`);
    return Number.isNaN(+date) ? null : date;
  }
  const x = Number(trimmed.replaceAll(",", ""));
  return Number.isNaN(x) ? null : x;
}

/**
 * The condition between two ends, of which one may be open. For numbers an open end is an infinity, so that NaN, which
 * SQL takes for the greatest of all, is never in a range.
 */
export function rangeFilter(
  column: string,
  kind: ColumnKind,
  low: number | Date | undefined,
  high: number | Date | undefined
): Filter[] {
  if (low === undefined && high === undefined) return [];
  if (kind === "number") return [{column, op: "between", low: low ?? -Infinity, high: high ?? Infinity}];
  if (low === undefined) return [{column, op: "<=", value: high}];
  if (high === undefined) return [{column, op: ">=", value: low}];
  return [{column, op: "between", low, high}];
}

/** The ends of a column's range filter; undefined where there is none. */
export function rangeOfFilter(own: readonly Filter[]): {low?: unknown; high?: unknown} {
  for (const filter of own) {
    if (filter.op === "between") {
      const {low, high} = filter;
      return {low: low === -Infinity ? undefined : low, high: high === Infinity ? undefined : high};
    }
    if (filter.op === ">=") return {low: filter.value};
    if (filter.op === "<=") return {high: filter.value};
  }
  return {};
}

const isAboutNull = ({op}: Filter) => op === "null" || op === "not null";

function written(value: unknown, kind: ColumnKind): string {
  if (value === undefined) return "";
  if (kind !== "date") return String(value);
  return new Date(Number(value))
    .toISOString()
    .slice(0, 19)
    .replace(/T00:00:00$/, "");
}

function rangeFields({column, summary, own, change}: FilterForm): TemplateResult {
  const {low, high} = rangeOfFilter(own);
  const {histogram} = summary ?? {};
  const nulls = own.filter(isAboutNull);
  const changed = (event: Event) => {
    const form = (event.currentTarget as HTMLElement).closest("fieldset") as HTMLElement;
    const ends = [...form.querySelectorAll<HTMLInputElement>("input.end")].map((input) => {
      const end = rangeEnd(input.value, column.kind);
      input.setAttribute("aria-invalid", String(end === null));
      return end;
    });
    if (ends.includes(null)) return;
    const [from, to] = ends as (number | Date | undefined)[];
    change([...rangeFilter(column.name, column.kind, from, to), ...nulls]);
  };
  const field = (label: string, value: unknown, limit: number | undefined) => html`<label
    ><span class="label">${label}</span
    ><input
      class="end"
      type="text"
      inputmode=${column.kind === "number" ? "decimal" : "text"}
      autocomplete="off"
      spellcheck="false"
      placeholder=${limit === undefined ? "" : column.text(limit)}
      .value=${written(value, column.kind)}
      @change=${changed}
  /></label>`;
  return html`<div class="line">${field("From", low, histogram?.low)}${field("To", high, histogram?.high)}</div>`;
}

function textField({column, own, change}: FilterForm): TemplateResult {
  const contains = own.find((filter) => filter.op === "contains");
  const others = own.filter(({op}) => op !== "contains");
  const changed = (event: Event) => {
    const text = (event.currentTarget as HTMLInputElement).value;
    change(text ? [...others, {column: column.name, op: "contains", text}] : others);
  };
  return html`<label
    ><span class="label">Contains</span
    ><input
      type="search"
      autocomplete="off"
      spellcheck="false"
      .value=${contains?.op === "contains" ? contains.text : ""}
      @input=${changed}
  /></label>`;
}

function wordList({column, summary, own, change}: FilterForm): TemplateResult | typeof nothing {
  const top = summary?.top ?? [];
  const chosen = own.find((filter) => filter.op === "in");
  const values = chosen?.op === "in" ? chosen.values : [];
  if (
    !top.length ||
    (top.length === summary?.distinct && top.every(({count}) => count === 1) && top.length > 6)
  )
    return nothing;
  const others = own.filter(({op}) => op !== "in");
  const typed = (word: string) => (column.kind === "boolean" ? word === "true" : word);
  const toggle = (word: string) => {
    const value = typed(word);
    const next = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
    change(next.length ? [...others, {column: column.name, op: "in", values: next}] : others);
  };
  return html`<ul aria-label="One of">${top.map(
    ({value, count}) => html`<li><label
      ><input type="checkbox" .checked=${values.includes(typed(value))} @change=${() => toggle(value)} /><span
        class="word"
        title=${value}
        >${value || "(empty)"}</span
      ><span class="number">${count.toLocaleString("en-US")}</span></label
    ></li>`
  )}</ul>`;
}

function nullChoice({column, summary, own, change}: FilterForm): TemplateResult | typeof nothing {
  const present = own.find(isAboutNull)?.op ?? "";
  if (!present && !summary?.nulls) return nothing;
  const others = own.filter((filter) => !isAboutNull(filter));
  const changed = (event: Event) => {
    const op = (event.currentTarget as HTMLSelectElement).value as "" | "null" | "not null";
    change(op ? [...others, {column: column.name, op}] : others);
  };
  return html`<label class="nulls"
    ><span class="label">NULL</span
    ><select class="wide" @change=${changed}>
      ${[
        ["", "with or without"],
        ["not null", "without"],
        ["null", "only"]
      ].map(
        ([value, label]) => html`<option value=${value} ?selected=${value === present}>${label}</option>`
      )}
    </select></label>`;
}

/** The form of a column's filter, as suits what it holds. */
export function filterForm(form: FilterForm): TemplateResult {
  const {kind} = form.column;
  const isRange = kind === "number" || kind === "date";
  return html`<fieldset aria-label="Filter">
    ${isRange ? rangeFields(form) : nothing} ${kind === "text" || kind === "other" ? textField(form) : nothing}
    ${kind === "text" || kind === "boolean" ? wordList(form) : nothing} ${nullChoice(form)}
  </fieldset>`;
}
