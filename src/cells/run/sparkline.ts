import {html, nothing, svg} from "lit";
import {chartTable} from "./chart-data.ts";
import type {RunColumns} from "./types.ts";

const width = 72;
const height = 18;

/** The course of one metric, small enough to stand in a line of text. */
export function sparkline(rows: RunColumns, name: string | null): unknown {
  if (name === null) return nothing;
  const [x, y = []] = chartTable(rows, [name], width / 2);
  const points = x.flatMap((step, i) => (y[i] == null ? [] : [{step, value: y[i]}]));
  if (points.length < 3) return nothing;
  const [x0, x1] = extent(points.map((p) => p.step));
  const [y0, y1] = extent(points.map((p) => p.value));
  const line = points
    .map(({step, value}) => {
      const px = 1 + ((step - x0) / (x1 - x0 || 1)) * (width - 2);
      const py = height - 2 - ((value - y0) / (y1 - y0 || 1)) * (height - 4);
      return `${px.toFixed(1)},${py.toFixed(1)}`;
    })
    .join(" ");
  return html`<svg class="sparkline" width=${width} height=${height} aria-hidden="true">${svg`<polyline points=${line} />`}</svg>`;
}

function extent(values: readonly number[]): [number, number] {
  let [least = 0, greatest = 0] = [values[0], values[0]];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}
