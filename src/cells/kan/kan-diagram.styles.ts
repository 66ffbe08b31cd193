import {css} from "lit";

export const diagramStyles = css`
  :host {
    display: block;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--theme-foreground, CanvasText);
  }
  .picture {
    overflow-x: auto;
    margin-bottom: 4px;
  }
  svg {
    display: block;
  }
  .link {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.3;
  }
  .curve {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.6;
    stroke-linejoin: round;
  }
  .under {
    stroke-width: 4.5;
    stroke-opacity: 0.3;
  }
  .edge .under {
    stroke-width: 3.2;
  }
  .curve.fitted {
    stroke-width: 1.4;
    color: var(--theme-foreground-focus, Highlight);
  }
  .frame {
    fill: var(--theme-background, Canvas);
    stroke: var(--theme-foreground-faint, GrayText);
  }
  .node {
    fill: currentColor;
  }
  text {
    fill: currentColor;
    font-size: 12px;
    text-anchor: middle;
  }
  .edge {
    cursor: pointer;
    outline: none;
  }
  .edge:hover .frame,
  .edge:focus-visible .frame {
    stroke: var(--theme-foreground-focus, Highlight);
    stroke-width: 2;
  }
  .edge[aria-pressed="true"] .frame {
    stroke: var(--theme-foreground-focus, Highlight);
    stroke-width: 3;
  }
  .function .curve,
  .fixed {
    color: var(--theme-foreground-focus, Highlight);
  }
  .looked-at {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
    padding-top: 8px;
    border-top: 1px solid var(--theme-foreground-faintest, GrayText);
  }
  .looked-at h4 {
    flex: 1 0 100%;
    margin: 0;
    font: inherit;
    font-weight: 600;
  }
  figure {
    margin: 0;
  }
  figcaption {
    /* Two lines, so that what stands beneath stays where it is while one looks at one function after the other. */
    min-height: 3em;
    padding-left: 48px;
    box-sizing: border-box;
    color: var(--theme-foreground-muted, GrayText);
  }
  code {
    font: 12px / 1.5 var(--monospace, ui-monospace, monospace);
    overflow-wrap: anywhere;
    margin-right: 12px;
    color: var(--theme-foreground-focus, Highlight);
  }
  .r2 {
    white-space: nowrap;
  }
  .large text {
    font-size: 11px;
    fill: var(--theme-foreground-muted, GrayText);
  }
  .choices {
    min-width: 170px;
  }
  p {
    margin: 0;
    color: var(--theme-foreground-muted, GrayText);
  }
  ul {
    margin: 2px 0;
    padding: 0;
    list-style: none;
  }
  button {
    min-height: 26px;
    padding: 1px 8px;
    border: 1px solid var(--theme-foreground-faintest, GrayText);
    border-radius: 4px;
    font: inherit;
    color: inherit;
    background: none;
    cursor: pointer;
  }
  li button {
    display: flex;
    justify-content: space-between;
    gap: 16px;
    width: 100%;
    margin-bottom: 3px;
  }
  button:hover,
  button[aria-pressed="true"] {
    border-color: var(--theme-foreground-focus, Highlight);
  }
  button:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, Highlight);
    outline-offset: 1px;
  }
  @media (pointer: coarse) {
    button {
      min-height: 36px;
    }
  }
`;
