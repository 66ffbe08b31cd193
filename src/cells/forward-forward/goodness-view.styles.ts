import {css} from "lit";
import {chartStyles, viewStyles} from "../styles/view.styles.ts";

export const goodnessStyles = [
  viewStyles,
  chartStyles,
  css`
    :host {
      --positive: var(--series-1, light-dark(#2463c9, #79b0ff));
      --negative: var(--series-2, light-dark(#c75a00, #ffa04d));
    }
    .key::before {
      width: 10px;
      height: 10px;
      border: 1px solid var(--hue);
      background: color-mix(in srgb, var(--hue) 45%, transparent);
    }
    .key.threshold::before {
      width: 0;
      height: 11px;
      border-width: 0 0 0 1.5px;
      border-style: dashed;
      vertical-align: -1px;
      background: none;
    }
    .positive {
      --hue: var(--positive);
    }
    .negative {
      --hue: var(--negative);
    }
    .threshold {
      --hue: var(--theme-foreground-muted, GrayText);
    }
    .blocks {
      gap: 10px 20px;
    }
    small {
      font-size: 12px;
      color: var(--theme-foreground-muted, GrayText);
    }
    path {
      stroke: var(--hue);
      stroke-width: 1.25;
      fill: var(--hue);
      fill-opacity: 0.3;
    }
    line.threshold {
      stroke: var(--hue);
      stroke-width: 1.5;
      stroke-dasharray: 3 3;
    }
  `
];
