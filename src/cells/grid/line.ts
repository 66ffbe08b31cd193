import {html, svg, type TemplateResult} from "lit";

/** Pixels. */
const [width, height] = [84, 16];

/** The numbers of a list: an array, a typed array or a vector of Arrow; what is missing in it is NaN. */
export function listNumbers(value: unknown): number[] {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) return [];
  return Array.from(value as Iterable<unknown>, (x) =>
    x === null || x === undefined ? Number.NaN : Number(x)
  );
}

/** The least and the greatest of what falls on each pixel, so that no spike is lost; gaps where nothing is finite. */
export function linePath(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const x = (i: number) => 1 + (values.length > 1 ? (i / (values.length - 1)) * (width - 2) : 0);
  const y = (v: number) => (high > low ? height - 2 - ((v - low) / (high - low)) * (height - 4) : height / 2);
  const perPixel = Math.max(1, Math.floor(values.length / width));
  let path = "";
  let isDrawing = false;
  for (let start = 0; start < values.length; start += perPixel) {
    const part = values.slice(start, start + perPixel).filter(Number.isFinite);
    if (!part.length) {
      isDrawing = false;
      continue;
    }
    const ends = part.length > 2 ? [Math.min(...part), Math.max(...part)] : part;
    for (const value of ends) {
      path += `${isDrawing ? "L" : "M"}${x(start).toFixed(1)} ${y(value).toFixed(1)}`;
      isDrawing = true;
    }
  }
  return path;
}

/** A list of numbers as a line, small enough for a cell of a table. */
export function lineOf(value: unknown): TemplateResult {
  const values = listNumbers(value);
  return html`<svg class="line" width=${width} height=${height} aria-hidden="true">${
    values.length > 1 ? svg`<path d=${linePath(values)} />` : null
  }</svg>`;
}

/** The same in words. */
export function lineText(value: unknown): string {
  const values = listNumbers(value);
  if (!values.length) return "no values";
  const short = (x: number) => String(Number(x.toPrecision(4)));
  return `${values.length} values, ${short(values[0])} to ${short(values[values.length - 1])}`;
}
