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
    max-height: calc(12.5 * var(--row-height) + var(--head-height, 40px) + 1px);
    border-block: 1px solid var(--theme-foreground-faintest, #ddd);
    position: relative;
    overscroll-behavior: contain auto;
  }
  .frame {
    position: relative;
  }
  .more-right::after {
    content: "";
    position: absolute;
    z-index: 3;
    inset: 1px 0 1px auto;
    width: 32px;
    pointer-events: none;
    background: linear-gradient(to left, var(--theme-background, #fff), transparent);
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
    z-index: 2;
    width: max-content;
    min-width: 100%;
  }
  .scroller [role="rowgroup"] {
    min-width: 100%;
  }
  .gap {
    flex: none;
  }
  .pinned {
    position: sticky;
    z-index: 1;
    background: var(--theme-background, #fff);
  }
  .pinned + :not(.pinned) {
    border-left: 1px solid var(--theme-foreground-fainter, #bbb);
  }
  .head {
    height: var(--head-height, 40px);
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
    position: relative;
    line-height: 17px;
    padding-block: 3px;
    font-weight: 600;
    color: var(--theme-foreground, #111);
    cursor: pointer;
  }
  .head .pinned {
    position: sticky;
  }
  .name {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .filtered .name {
    color: var(--theme-foreground-focus, #3b5fc0);
  }
  .more {
    all: unset;
    position: absolute;
    inset: 2px 3px auto auto;
    width: 18px;
    text-align: center;
    line-height: 18px;
    border-radius: 3px;
    color: var(--theme-foreground-muted, #666);
    background: var(--theme-background, #fff);
    cursor: pointer;
    opacity: 0;
  }
  .head .cell:hover .more,
  .scroller:focus .head .active .more,
  .more:focus-visible {
    opacity: 1;
  }
  .more:hover {
    color: var(--theme-foreground, #111);
    background: var(--theme-foreground-faintest, #ddd);
  }
  .edge {
    position: absolute;
    inset: 0 0 0 auto;
    width: 5px;
    cursor: col-resize;
    touch-action: none;
  }
  .edge:hover {
    background: var(--theme-foreground-fainter, #bbb);
  }
  .distribution {
    display: block;
    height: 24px;
    padding-top: 2px;
    box-sizing: border-box;
    font-size: 11px;
    font-weight: 400;
    cursor: default;
  }
  .histogram {
    display: block;
    width: 100%;
    height: 20px;
    cursor: crosshair;
    touch-action: pan-y;
  }
  .bars {
    fill: var(--theme-foreground-faintest, #ddd);
  }
  .bars.inside {
    fill: var(--theme-foreground-faint, #888);
  }
  .filtered .bars.inside {
    fill: var(--theme-foreground-focus, #3b5fc0);
  }
  .bars.nan {
    fill: var(--theme-error, #c00);
  }
  .shares {
    display: flex;
    gap: 1px;
    height: 18px;
  }
  .share {
    flex: 1 1 0;
    min-width: 2px;
    padding-inline: 3px;
    overflow: hidden;
    text-overflow: ellipsis;
    text-align: left;
    line-height: 18px;
    font-size: 10px;
    color: var(--theme-foreground-muted, #666);
    background: color-mix(in srgb, var(--theme-foreground, #111) 7%, transparent);
    cursor: pointer;
  }
  .share.inside {
    background: var(--theme-foreground-faintest, #ddd);
    color: var(--theme-foreground, #111);
  }
  .filtered .share.inside {
    background: color-mix(in srgb, var(--theme-foreground-focus, #3b5fc0) 22%, transparent);
  }
  .share.rest {
    background: none;
    border: 1px solid var(--theme-foreground-faintest, #ddd);
    box-sizing: border-box;
    cursor: default;
  }
  .distinct {
    color: var(--theme-foreground-muted, #666);
    line-height: 18px;
  }
  .line {
    display: block;
    margin-top: 3px;
  }
  .line path {
    fill: none;
    stroke: var(--series-1, #2463c9);
    stroke-width: 1.25;
    stroke-linejoin: round;
  }
  .dot {
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 6px;
    border-radius: 50%;
  }
  .waiting {
    display: inline-block;
    width: 60%;
    height: 8px;
    border-radius: 4px;
    background: var(--theme-foreground-faintest, #ddd);
  }
  .type {
    display: block;
    min-height: 15px;
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
  .selected.pinned {
    background: color-mix(in srgb, var(--theme-foreground-focus, #3b5fc0) 12%, var(--theme-background, #fff));
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 6px;
    padding-top: 6px;
  }
  .chip {
    all: unset;
    box-sizing: border-box;
    max-width: 100%;
    padding: 0 4px 0 8px;
    border: 1px solid color-mix(in srgb, var(--theme-foreground-focus, #3b5fc0) 40%, transparent);
    border-radius: 11px;
    font-size: 12px;
    line-height: 20px;
    color: var(--theme-foreground, #111);
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .chip span {
    padding-inline: 5px;
    color: var(--theme-foreground-muted, #666);
  }
  .chip:hover span {
    color: var(--theme-foreground, #111);
  }
  .chip:focus-visible {
    outline: 2px solid var(--theme-foreground-focus, #3b5fc0);
    outline-offset: 1px;
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
    .more {
      opacity: 1;
      width: 28px;
      line-height: 26px;
    }
    .chip {
      line-height: 32px;
      border-radius: 17px;
    }
    .foot button {
      padding: 6px;
    }
  }
`;
