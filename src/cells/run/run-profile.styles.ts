import {css} from "lit";

export const profileStyles = css`
  :host {
    display: block;
    margin: 10px 0 0 4px;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground, CanvasText);
  }
  button {
    all: unset;
    box-sizing: border-box;
    padding: 1px 8px;
    margin-left: -8px;
    border-radius: 4px;
    color: var(--theme-foreground-muted, GrayText);
    cursor: pointer;
  }
  button:hover:not([disabled]) {
    color: inherit;
    background: var(--theme-foreground-faintest, transparent);
  }
  button:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, Highlight);
  }
  p {
    margin: 2px 0;
    color: var(--theme-foreground-muted, GrayText);
    overflow-wrap: anywhere;
  }
  .chart {
    display: flex;
    gap: 1px;
    height: 14px;
    margin: 6px 0;
    border-radius: 3px;
    overflow: hidden;
  }
  .chart i {
    min-width: 1px;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    max-width: 640px;
    border-collapse: collapse;
  }
  th {
    font-weight: 500;
    color: var(--theme-foreground-muted, GrayText);
  }
  th,
  td {
    padding: 2px 0 2px 10px;
    border-bottom: 1px solid var(--theme-foreground-faintest, GrayText);
    text-align: right;
    white-space: nowrap;
  }
  th:first-child,
  td:first-child {
    padding-left: 0;
    text-align: left;
  }
  td:first-child {
    width: 100%;
    max-width: 0;
    min-width: 7em;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  td i {
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 6px;
    border-radius: 2px;
  }
`;
