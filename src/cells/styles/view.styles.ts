// What elements that draw figures in cells have in common. Their own styles go behind these.
import {css} from "lit";

/** Text, tables and lists beside drawings. */
export const viewStyles = css`
  :host {
    display: block;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground, CanvasText);
  }
  p {
    margin: 0 0 6px;
    color: var(--theme-foreground-muted, GrayText);
  }
  ol,
  ul {
    display: flex;
    flex-wrap: wrap;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    max-width: 100%;
    margin: 0;
  }
  table {
    border-collapse: collapse;
    font: inherit;
    margin: 0;
  }
  caption {
    text-align: left;
  }
  th {
    font-weight: normal;
    color: var(--theme-foreground-muted, GrayText);
  }
  th,
  td {
    text-align: right;
    white-space: nowrap;
  }
  .wide {
    overflow-x: auto;
  }
  svg {
    display: block;
    max-width: 100%;
  }
`;

/** Lines and areas over axes, with a key above them. */
export const chartStyles = css`
  h4 {
    margin: 0;
    font: inherit;
    font-weight: 600;
  }
  p,
  ul {
    display: flex;
    flex-wrap: wrap;
    gap: 0 14px;
    color: var(--theme-foreground-muted, GrayText);
  }
  .key::before {
    content: "";
    display: inline-block;
    margin-right: 5px;
  }
  svg {
    height: auto;
  }
  circle {
    fill: var(--hue);
  }
  .grid {
    stroke: var(--theme-foreground-faintest, GrayText);
  }
  .axis {
    stroke: var(--theme-foreground-faint, GrayText);
  }
  text {
    fill: var(--theme-foreground-muted, GrayText);
    font-size: 11px;
  }
`;

/** Tables whose cells are coloured by their numbers. */
export const heatTableStyles = css`
  :host {
    --heat: var(--theme-foreground-focus, Highlight);
  }
  table {
    border-collapse: separate;
    border-spacing: 1px;
  }
  caption {
    padding-bottom: 2px;
  }
  thead th {
    padding: 0;
    text-align: center;
  }
  td {
    height: 20px;
    text-align: center;
    border-radius: 2px;
  }
`;
