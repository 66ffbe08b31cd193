import {css} from "lit";
import {chartStyles, viewStyles} from "../styles/view.styles.ts";

export const memoryStyles = [
  viewStyles,
  chartStyles,
  css`
    .key::before {
      width: 16px;
      border-top: 2px var(--stroke, solid) var(--hue);
      vertical-align: 3px;
    }
    .line0 {
      --hue: var(--series-2, light-dark(#c75a00, #ffa04d));
    }
    .line1 {
      --hue: var(--series-1, light-dark(#2463c9, #79b0ff));
      --stroke: dashed;
      --dashes: 7 4;
    }
    .line2 {
      --hue: var(--series-3, light-dark(#00806b, #3ecfb2));
      --stroke: dotted;
      --dashes: 2 3;
    }
    .line3 {
      --hue: var(--series-4, light-dark(#b23a8e, #f391d3));
      --stroke: dashed;
      --dashes: 12 3 2 3;
    }
    polyline {
      fill: none;
      stroke: var(--hue);
      stroke-width: 2;
      stroke-dasharray: var(--dashes, none);
    }
    .wide {
      margin-top: 8px;
    }
    table {
      font-size: 12px;
    }
    caption {
      font-weight: 600;
    }
    th,
    td {
      padding: 1px 14px 1px 0;
    }
  `
];
