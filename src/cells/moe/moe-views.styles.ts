import {css} from "lit";

export const moeStyles = css`
  :host {
    display: block;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground, CanvasText);
    --heat: var(--theme-foreground-focus, Highlight);
  }
  p {
    margin: 0 0 6px;
    color: var(--theme-foreground-muted, GrayText);
  }
  .wide {
    overflow-x: auto;
    margin-bottom: 12px;
  }
  table {
    border-collapse: separate;
    border-spacing: 1px;
    font: inherit;
    font-size: 12px;
    margin: 0;
  }
  caption {
    text-align: left;
    font-weight: 600;
    padding-bottom: 2px;
  }
  th {
    font-weight: normal;
    color: var(--theme-foreground-muted, GrayText);
    padding: 0 6px 0 0;
    text-align: right;
    white-space: nowrap;
  }
  thead th {
    padding: 0;
    text-align: center;
  }
  td {
    height: 20px;
    min-width: 28px;
    padding: 0 2px;
    text-align: center;
    border-radius: 2px;
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
  svg {
    display: block;
    max-width: 100%;
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
`;
