import {css} from "lit";
import {chartStyles, viewStyles} from "../styles/view.styles.ts";

export const layerLinesStyles = [
  viewStyles,
  chartStyles,
  css`
    :host {
      max-width: 420px;
      --layer-1: var(--series-1, light-dark(#2463c9, #79b0ff));
      --layer-2: var(--series-2, light-dark(#c75a00, #ffa04d));
      --layer-3: var(--series-3, light-dark(#00806b, #3ecfb2));
      --layer-4: var(--series-4, light-dark(#b23a8e, #f391d3));
      --layer-5: var(--series-5, light-dark(#8a6d00, #e6c94a));
      --layer-6: var(--series-6, light-dark(#6b46c1, #bda1ff));
      --layer-7: var(--series-7, light-dark(#b3261e, #ff8f85));
      --layer-8: var(--series-8, light-dark(#5f6672, #a9b1bd));
    }
    ul {
      margin: 0 0 4px;
    }
    .key::before {
      width: 14px;
      height: 0;
      border-top: 2px solid var(--hue);
      vertical-align: 4px;
    }
    b {
      font-weight: 600;
      color: var(--theme-foreground, CanvasText);
    }
    path {
      fill: none;
      stroke: var(--hue);
      stroke-width: 1.75;
    }
    details {
      color: var(--theme-foreground-muted, GrayText);
    }
    summary {
      width: max-content;
      cursor: pointer;
    }
    table {
      color: var(--theme-foreground, CanvasText);
    }
    caption {
      color: var(--theme-foreground-muted, GrayText);
    }
    th,
    td {
      padding: 1px 10px 1px 0;
      border-bottom: 1px solid var(--theme-foreground-faintest, GrayText);
    }
  `
];
