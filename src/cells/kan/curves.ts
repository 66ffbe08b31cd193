import {html, nothing, svg} from "lit";
import {curvePath, extent, type Frame} from "./layout.ts";
import type {DiagramCurve, DiagramFit} from "./model.ts";

// How an edge's curves are drawn: its spline, and its function thin over it.

/** What is drawn of an edge. */
export interface EdgeCurves {
  readonly spline: DiagramCurve | null;
  readonly fit: DiagramFit | null;
}

/** Both curves in a frame that the spline fills; what a function does beyond it is cut off. */
export function curves({spline, fit}: EdgeCurves, box: Omit<Frame, "filledBy">, opacity = 1) {
  const filledBy = spline ?? fit;
  if (!filledBy) return nothing;
  const path = (curve: DiagramCurve) => curvePath(curve, {...box, filledBy});
  return svg`<svg width=${box.width} height=${box.height}>
    ${spline ? svg`<path class=${fit ? "curve under" : "curve"} d=${path(spline)} opacity=${opacity}></path>` : nothing}
    ${fit ? svg`<path class="curve fitted" d=${path(fit)} opacity=${opacity}></path>` : nothing}
  </svg>`;
}

/** How an edge that is looked at is told. */
export interface LargeCurve extends EdgeCurves {
  readonly path: string;
  /** What its input is called. */
  readonly input: string;
  readonly width: number;
}

const HEIGHT = 180;

/** An edge's curves with their scales, and the function's formula under them. */
export function largeCurve({spline, fit, path, input, width}: LargeCurve) {
  const {x, y} = spline ?? (fit as DiagramFit);
  const [[left, right], [low, high]] = [extent(x), extent(y)];
  const formula = fit?.formula .replace(/\bz\b/g, () => input);
  const label = `Curve of edge ${path}: from ${short(low)} to ${short(high)} where its input goes from ${short(left)} to ${short(right)}`;
  return html`<figure class="large">
    <svg width=${width} height=${HEIGHT} role="img" aria-label=${formula ? `${label}; over it ${formula}` : label}>
      <rect class="frame" x="48" y="0.5" width=${width - 49} height=${HEIGHT - 21} rx="3"></rect>
      <g transform="translate(48 0)">${curves({spline, fit}, {width: width - 48, height: HEIGHT - 20, margin: 8})}</g>
      <text x="43" y="14" style="text-anchor: end">${short(high)}</text>
      <text x="43" y=${HEIGHT - 24} style="text-anchor: end">${short(low)}</text>
      <text x="48" y=${HEIGHT - 6} style="text-anchor: start">${short(left)}</text>
      <text x=${(width + 48) / 2} y=${HEIGHT - 6}>${input}</text>
      <text x=${width - 2} y=${HEIGHT - 6} style="text-anchor: end">${short(right)}</text>
    </svg>
    <figcaption aria-live="polite" style="max-width: ${width}px">
      ${formula ? html`<code>${formula}</code>` : "spline"}
      ${fit?.r2 === undefined ? nothing : html`<span class="r2">r² ${fit.r2.toFixed(5)}</span>`}
    </figcaption>
  </figure>`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
