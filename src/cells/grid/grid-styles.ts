import {css} from "lit";

/** Hairlines, 13 px, numbers in tabular figures at the right, the header above while the rows scroll. */
export const gridStyles = css`
  :host {
    --row-height: 23px;
    display: block;
    font: 13px / var(--row-height) var(--sans-serif, sans-serif);
    color: var(--theme-foreground-alt, #333);
    font-variant-numeric: tabular-nums lining-nums;
    max-width: 100%;
  }
  .scroller {
    overflow: auto;
    max-height: calc(12.5 * var(--row-height) + 41px);
    border-block: 1px solid var(--theme-foreground-faintest, #ddd);
    position: relative;
    overscroll-behavior: contain auto;
  }
  .scroller:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, #3b5fc0);
    outline-offset: 1px;
  }
  .row {
    display: flex;
    height: var(--row-height);
    width: max-content;
    min-width: 100%;
    box-sizing: border-box;
    border-bottom: 1px solid var(--theme-foreground-faintest, #ddd);
  }
  .row:not(.head):last-child {
    border-bottom: 0;
  }
  .heads {
    position: sticky;
    top: 0;
    z-index: 1;
    width: max-content;
    min-width: 100%;
  }
  .scroller [role="rowgroup"] {
    min-width: 100%;
  }
  .head {
    height: 40px;
    background: var(--theme-background, #fff);
    border-bottom-color: var(--theme-foreground-fainter, #bbb);
  }
  .cell {
    flex: none;
    box-sizing: border-box;
    padding-inline: 3px 12px;
    overflow: hidden;
    white-space: pre;
    text-overflow: ellipsis;
    cursor: default;
    user-select: none;
  }
  .number {
    text-align: right;
  }
  .head .cell {
    line-height: 17px;
    padding-block: 3px;
    font-weight: 600;
    color: var(--theme-foreground, #111);
    cursor: pointer;
  }
  .type {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    font-size: 11px;
    font-weight: 400;
    line-height: 15px;
    color: var(--theme-foreground-muted, #666);
  }
  .blank {
    color: var(--theme-foreground-faint, #888);
    font-style: italic;
  }
  .selected {
    background: color-mix(in srgb, var(--theme-foreground-focus, #3b5fc0) 12%, transparent);
  }
  .scroller:focus .active {
    box-shadow: inset 0 0 0 1.5px var(--theme-foreground-focus, #3b5fc0);
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 12px;
    padding-top: 4px;
    font-size: 12px;
    line-height: 20px;
    color: var(--theme-foreground-muted, #666);
  }
  .count {
    flex: 1 1 auto;
  }
  .foot button {
    all: unset;
    cursor: pointer;
    padding-inline: 2px;
    border-radius: 2px;
  }
  .foot button:hover {
    color: var(--theme-foreground, #111);
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .foot button:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, #3b5fc0);
  }
  @media (pointer: coarse) {
    .foot button {
      padding: 6px;
    }
  }
`;
