import {css} from "lit";

export const goodnessStyles = css`
  :host {
    display: block;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground, CanvasText);
    --positive: var(--series-1, light-dark(#2463c9, #79b0ff));
    --negative: var(--series-2, light-dark(#c75a00, #ffa04d));
  }
  p {
    display: flex;
    flex-wrap: wrap;
    gap: 0 14px;
    margin: 0 0 6px;
    color: var(--theme-foreground-muted, GrayText);
  }
  .key::before {
    content: "";
    display: inline-block;
    width: 10px;
    height: 10px;
    margin-right: 5px;
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
    display: flex;
    flex-wrap: wrap;
    gap: 10px 20px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .blocks li {
    max-width: 100%;
    margin: 0;
  }
  h4 {
    margin: 0;
    font: inherit;
    font-weight: 600;
  }
  small {
    font-size: 12px;
    color: var(--theme-foreground-muted, GrayText);
  }
  svg {
    display: block;
    max-width: 100%;
    height: auto;
  }
  path {
    stroke: var(--hue);
    stroke-width: 1.25;
    fill: var(--hue);
    fill-opacity: 0.3;
  }
  .axis {
    stroke: var(--theme-foreground-faint, GrayText);
  }
  line.threshold {
    stroke: var(--hue);
    stroke-width: 1.5;
    stroke-dasharray: 3 3;
  }
  text {
    fill: var(--theme-foreground-muted, GrayText);
    font-size: 11px;
  }
`;
