import {css} from "lit";

export const curvesStyles = css`
  :host {
    display: block;
    container-type: inline-size;
    font: 12px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground-muted, GrayText);
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 14px;
    margin-bottom: 6px;
  }
  label,
  .pair,
  .save {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .save {
    margin-left: auto;
    gap: 1px;
  }
  input[type="range"] {
    width: 90px;
    height: 16px;
    margin: 0;
    accent-color: var(--theme-foreground-focus, Highlight);
  }
  output {
    min-width: 4ch;
    color: var(--theme-foreground, CanvasText);
  }
  select {
    max-width: 150px;
    padding: 1px 3px;
    border: 1px solid var(--theme-foreground-faintest, GrayText);
    border-radius: 4px;
    font: inherit;
    color: var(--theme-foreground, CanvasText);
    background: var(--theme-background, Canvas);
  }
  button {
    all: unset;
    padding: 1px 6px;
    border-radius: 4px;
    cursor: pointer;
  }
  button:hover,
  .pair button[aria-pressed="true"] {
    color: var(--theme-foreground, CanvasText);
    background: var(--theme-foreground-faintest, transparent);
  }
  .all {
    color: var(--theme-foreground-focus, Highlight);
  }
  button:focus-visible,
  select:focus-visible,
  input:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, Highlight);
    outline-offset: 1px;
  }
  .charts {
    display: grid;
    gap: 10px 20px;
  }
  .charts.many {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
  }
  .message {
    margin: 24px 0;
    text-align: center;
  }
  .legend {
    max-height: 184px;
    margin-top: 4px;
    overflow: auto;
    scrollbar-width: thin;
  }
  table {
    width: auto;
    border-collapse: collapse;
    font: inherit;
  }
  th,
  td {
    padding: 0 10px 0 0;
    border: 0;
    font-weight: inherit;
    text-align: right;
    white-space: nowrap;
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--theme-background, Canvas);
  }
  th[scope="row"] {
    max-width: 60cqw;
    text-align: left;
  }
  td {
    min-width: 7ch;
    color: var(--theme-foreground, CanvasText);
  }
  .name {
    display: flex;
    align-items: center;
    gap: 7px;
    padding: 1px 6px 1px 2px;
    color: var(--theme-foreground, CanvasText);
  }
  .name svg {
    flex: none;
  }
  .name span {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  small {
    font-size: inherit;
    color: var(--theme-foreground-muted, GrayText);
  }
  .hidden .name {
    text-decoration: line-through;
    color: var(--theme-foreground-muted, GrayText);
  }
  .hidden svg {
    opacity: 0.3;
  }
  .only button {
    opacity: 0;
    color: var(--theme-foreground-muted, GrayText);
  }
  tr:hover .only button,
  .only button:focus-visible {
    opacity: 1;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 14px;
  }
  @media (pointer: coarse) {
    .only button {
      opacity: 1;
    }
    button {
      padding: 5px 9px;
    }
  }
`;
