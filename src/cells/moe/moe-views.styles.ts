import {css} from "lit";
import {heatTableStyles, viewStyles} from "../styles/view.styles.ts";

export const moeStyles = [
  viewStyles,
  heatTableStyles,
  css`
    .wide {
      margin-bottom: 12px;
    }
    table {
      font-size: 12px;
    }
    caption {
      font-weight: 600;
    }
    tbody th {
      padding: 0 6px 0 0;
    }
    td {
      min-width: 28px;
      padding: 0 2px;
    }
    .load td {
      height: 14px;
      min-width: 10px;
      padding: 0;
    }
    .examples {
      display: flex;
      flex-wrap: wrap;
      gap: 4px;
      margin-bottom: 8px;
    }
    button {
      padding: 3px;
      border: 1px solid var(--theme-foreground-faintest, GrayText);
      border-radius: 4px;
      color: inherit;
      background: none;
      cursor: pointer;
      line-height: 0;
    }
    button:hover,
    button[aria-pressed="true"] {
      border-color: var(--heat);
    }
    button[aria-pressed="true"] {
      box-shadow: 0 0 0 1px var(--heat);
    }
    button:focus-visible,
    .token:focus-visible {
      outline: 2px solid var(--heat);
      outline-offset: 1px;
    }
    .pixel {
      fill: currentColor;
    }
    .token {
      cursor: pointer;
      fill: transparent;
    }
    .token:hover,
    .token[aria-pressed="true"] {
      stroke: var(--heat);
      stroke-width: 2;
    }
    .way {
      stroke: var(--heat);
      fill: none;
    }
    .expert {
      fill: var(--theme-background, Canvas);
      stroke: var(--theme-foreground-faint, GrayText);
    }
    .share {
      fill: var(--heat);
      fill-opacity: 0.55;
    }
    text {
      fill: currentColor;
      font-size: 12px;
    }
  `
];
