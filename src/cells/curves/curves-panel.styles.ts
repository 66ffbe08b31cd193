import {css} from "lit";

export const panelStyles = css`
  :host {
    display: block;
    min-width: 0;
    font: 12px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground-muted, GrayText);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0 6px;
    min-height: 20px;
  }
  .metric {
    font-weight: 600;
    color: var(--theme-foreground, CanvasText);
  }
  .chart {
    position: relative;
    overflow: hidden;
    touch-action: pan-y;
  }
  .chart:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, Highlight);
    outline-offset: 1px;
    border-radius: 3px;
  }
  .message {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    margin: 0;
    text-align: center;
  }
  .line,
  .dot,
  .tip {
    position: absolute;
    pointer-events: none;
    z-index: 2;
  }
  .line {
    width: 1px;
    background: var(--theme-foreground-fainter, GrayText);
  }
  .dot {
    width: 7px;
    height: 7px;
    margin: -3.5px 0 0 -3px;
    border-radius: 50%;
    box-shadow: 0 0 0 1.5px var(--theme-background, Canvas);
  }
  .tip {
    max-width: 60%;
    padding: 2px 7px;
    border-radius: 5px;
    background: color-mix(in srgb, var(--theme-background, Canvas) 92%, transparent);
    box-shadow: 0 0 0 1px var(--theme-foreground-faintest, GrayText);
    overflow-wrap: anywhere;
  }
  .tip b {
    font-weight: 600;
    color: var(--theme-foreground, CanvasText);
  }
  .around {
    opacity: 0.85;
  }
  .announce {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
  .u-select {
    background: color-mix(in srgb, var(--theme-foreground-focus, Highlight) 18%, transparent);
  }
  .u-axis {
    pointer-events: none;
  }
`;
