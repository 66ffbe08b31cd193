import {css} from "lit";

export const panelStyles = css`
  :host {
    display: block;
    min-width: 0;
    font: 12px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground-muted, GrayText);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 12px;
    min-height: 20px;
  }
  .quantity {
    font-weight: 600;
    color: var(--theme-foreground, CanvasText);
  }
  .entry {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .entry i {
    width: 12px;
    height: 3px;
    border-radius: 2px;
  }
  output {
    min-width: 5.5ch;
    color: var(--theme-foreground, CanvasText);
  }
  .log {
    all: unset;
    margin-left: auto;
    padding: 1px 6px;
    border-radius: 4px;
    color: inherit;
    cursor: pointer;
    opacity: 0;
  }
  :host(:hover) .log,
  .log:focus-visible,
  .log[aria-pressed="true"] {
    opacity: 1;
  }
  .log:hover,
  .log[aria-pressed="true"] {
    color: var(--theme-foreground, CanvasText);
    background: var(--theme-foreground-faintest, transparent);
  }
  .log:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, Highlight);
  }
  .chart {
    height: 148px;
    overflow: hidden;
  }
  .u-cursor-x {
    border-right: 1px solid var(--theme-foreground-fainter, GrayText) !important;
  }
  .u-axis {
    pointer-events: none;
  }
  @media (pointer: coarse) {
    .log {
      opacity: 1;
      padding: 6px 10px;
    }
  }
`;
