import {html, nothing, svg, type TemplateResult} from "lit";
import type {ColumnSummary, Filter} from "../../tables/view-types.ts";
import type {DrawnColumn} from "./columns.ts";

type Histogram = NonNullable<ColumnSummary["histogram"]>;

/** Height of the bars in pixels; the style sheet has the same. */
const height = 20;
/** Bars of few values are still seen. */
const leastPx = 1.5;

/** The bin's edges; the last one ends exactly where the values do. */
export function binRange({low, high, counts}: Histogram, first: number, last: number): [number, number] {
  const at = (i: number) => (i === counts.length ? high : low + ((high - low) * i) / counts.length);
  return [at(first), at(last + 1)];
}

/** Bins that lie between two places of the histogram, each from 0 (left) to 1. */
export function binsBetween({counts, nans}: Histogram, from: number, to: number): [number, number] {
  const slots = counts.length + (nans ? nanSlots : 0);
  const bin = (place: number) => Math.max(0, Math.min(counts.length - 1, Math.floor(place * slots)));
  return [bin(Math.min(from, to)), bin(Math.max(from, to))];
}

/** Slots that NaN takes at the right: a gap and a bar. */
const nanSlots = 2;

function bars(counts: readonly number[], most: number, isDrawn: (bin: number) => boolean): string {
  let path = "";
  counts.forEach((count, i) => {
    if (!count || !isDrawn(i)) return;
    const y = height - Math.max(leastPx, (count / most) * height);
    path += `M${i} ${height}V${y.toFixed(1)}h0.86V${height}Z`;
  });
  return path;
}

function isInside({low, high, counts}: Histogram, filters: readonly Filter[]): (bin: number) => boolean {
  const between = filters.find((filter) => filter.op === "between");
  if (between?.op !== "between") return () => filters.length === 0;
  const middle = (i: number) => low + ((high - low) * (i + 0.5)) / counts.length;
  return (bin) => middle(bin) >= Number(between.low) && middle(bin) <= Number(between.high);
}

function histogramOf(column: DrawnColumn, histogram: Histogram, own: readonly Filter[]): TemplateResult {
  const {counts, low, high, nans} = histogram;
  const most = Math.max(...counts, nans);
  const slots = counts.length + (nans ? nanSlots : 0);
  const inside = isInside(histogram, own);
  const nan = nans ? `, ${nans} NaN` : "";
  return html`<svg
    class="histogram"
    data-brush
    viewBox="0 0 ${slots} ${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${column.text(low)} to ${column.text(high)}${nan}"
  ><title>${column.text(low)} to ${column.text(high)}${nan}. Drag to filter.</title>${svg`
    <path class="bars" d=${bars(counts, most, (bin) => !inside(bin))} />
    <path class="bars inside" d=${bars(counts, most, inside)} />
    ${nans ? svg`<path class="bars nan" d=${`M${slots - 1} ${height}V${height - Math.max(leastPx, (nans / most) * height)}h0.86V${height}Z`} />` : nothing}
  `}</svg>`;
}

/** Shares below this have no bar of their own. */
const leastShare = 0.03;

function topOf({rows, nulls, distinct, top = []}: ColumnSummary, own: readonly Filter[]): TemplateResult {
  const present = rows - nulls;
  const bars = top.filter(({count}) => count / present >= leastShare);
  if (!bars.length) return html`<span class="distinct">${distinct.toLocaleString("en-US")} different</span>`;
  const chosen = own.find((filter) => filter.op === "in");
  const isChosen = (value: string) =>
    chosen?.op !== "in" || chosen.values.some((one) => String(one) === value);
  const rest = present - bars.reduce((sum, {count}) => sum + count, 0);
  return html`<span class="shares" role="img" aria-label=${bars.map(({value, count}) => `${value}: ${count}`).join(", ")}>${bars.map(
    ({value, count}) => html`<span
      class=${isChosen(value) ? "share inside" : "share"}
      data-share=${value}
      style="flex-grow: ${count}"
      title="${value}: ${count.toLocaleString("en-US")}"
    >${value || "(empty)"}</span>`
  )}${rest > 0 ? html`<span class="share rest" style="flex-grow: ${rest}" title="others: ${rest.toLocaleString("en-US")}"></span>` : nothing}</span>`;
}

/** How a column's values are distributed: bars for numbers and times, shares of the most frequent for the others. */
export function distribution(
  column: DrawnColumn,
  summary: ColumnSummary | null,
  own: readonly Filter[]
): TemplateResult | typeof nothing {
  if (!summary) return nothing;
  if (summary.histogram) return histogramOf(column, summary.histogram, own);
  if (summary.top?.length) return topOf(summary, own);
  return nothing;
}
