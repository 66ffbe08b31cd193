import {css} from "lit";

export const runStyles = css`
  :host {
    --ink: var(--theme-foreground, CanvasText);
    --muted: var(--theme-foreground-muted, GrayText);
    --hairline: var(--theme-foreground-faintest, GrayText);
    --accent: var(--theme-foreground-focus, Highlight);
    --bad: light-dark(#b3261e, #ff8f85);
    display: block;
    container-type: inline-size;
    margin: 12px 0;
    font: 13px / 1.5 var(--sans-serif, system-ui);
    font-variant-numeric: tabular-nums;
    color: var(--ink);
  }
  .card {
    border: 1px solid var(--hairline);
    border-radius: 8px;
    padding: 5px 12px 5px 8px;
  }
  .card.open {
    padding-bottom: 12px;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 10px;
    min-height: 30px;
  }
  button {
    all: unset;
    box-sizing: border-box;
    cursor: pointer;
  }
  button:focus-visible,
  summary:focus-visible,
  pre:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
    border-radius: 4px;
  }
  .fold {
    display: grid;
    place-items: center;
    width: 24px;
    height: 24px;
    margin-right: -8px;
    color: var(--theme-foreground-faint, GrayText);
  }
  .fold path {
    fill: currentColor;
  }
  .fold svg {
    transition: transform 0.15s;
  }
  .open .fold svg {
    transform: rotate(90deg);
  }
  .name {
    font-weight: 600;
    cursor: default;
  }
  .summary {
    color: var(--muted);
    min-width: 0;
  }
  .summary span {
    white-space: nowrap;
  }
  .summary .origin {
    white-space: normal;
    overflow-wrap: anywhere;
  }
  .summary.failed,
  .summary.diverged,
  .summary.interrupted {
    color: var(--bad);
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    min-width: 0;
  }
  .chip {
    padding: 0 8px;
    border-radius: 10px;
    font-size: 12px;
    line-height: 20px;
    white-space: nowrap;
    background: color-mix(in srgb, var(--ink) 6%, transparent);
    color: var(--muted);
  }
  .chip b {
    font-weight: 500;
    color: var(--ink);
  }
  .chip s {
    opacity: 0.55;
  }
  .sparkline polyline {
    fill: none;
    stroke: var(--muted);
    stroke-width: 1.25;
    stroke-linejoin: round;
  }
  .actions {
    margin-left: auto;
  }
  .action {
    padding: 2px 10px;
    border: 1px solid var(--hairline);
    border-radius: 5px;
    font-size: 12px;
    color: var(--muted);
    white-space: nowrap;
  }
  .action:hover {
    color: var(--ink);
    border-color: var(--theme-foreground-fainter, GrayText);
  }
  .action:disabled {
    opacity: 0.6;
    cursor: default;
  }
  .bar {
    height: 3px;
    margin: 4px 0 4px 4px;
    border-radius: 2px;
    overflow: hidden;
    background: var(--hairline);
  }
  .bar i {
    display: block;
    height: 100%;
    background: var(--accent);
    transform-origin: left;
  }
  .bar.unknown i {
    width: 30%;
    animation: slide 1.4s infinite ease-in-out alternate;
  }
  @keyframes slide {
    from {
      translate: 0;
    }
    to {
      translate: 233%;
    }
  }
  .figures {
    display: flex;
    flex-wrap: wrap;
    gap: 0 16px;
    padding-left: 4px;
    font-size: 12px;
    color: var(--muted);
  }
  .step {
    min-width: 16ch;
  }
  .step.open-ended {
    min-width: 10ch;
  }
  .count {
    display: inline-block;
    text-align: right;
  }
  .rate {
    min-width: 11ch;
  }
  .left {
    min-width: 9ch;
  }
  .silent {
    color: var(--bad);
  }
  .backend {
    margin-left: auto;
  }
  .panels {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr));
    gap: 12px 24px;
    padding: 8px 0 0 4px;
  }
  .waiting {
    height: 168px;
  }
  .error {
    margin: 6px 0 0 4px;
    color: var(--bad);
    white-space: pre-wrap;
  }
  .note {
    margin: 8px 0 0 4px;
    padding-left: 8px;
    border-left: 2px solid var(--state-stale, #b7791f);
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  .log,
  .logs {
    margin: 8px 0 0 4px;
    font: 12px / 1.5 var(--monospace, ui-monospace, monospace);
    color: var(--muted);
  }
  summary {
    cursor: pointer;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .more {
    margin-left: 8px;
    font-family: var(--sans-serif, system-ui);
  }
  pre {
    max-height: 12em;
    margin: 4px 0 0;
    overflow: auto;
    font: inherit;
  }
  .announce {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
  @container (max-width: 480px) {
    .card:not(.open) .sparkline {
      display: none;
    }
    .summary {
      order: 3;
      flex-basis: 100%;
      padding-left: 16px;
    }
    .chips {
      order: 3;
      flex-basis: 100%;
      padding-left: 4px;
    }
    .figures {
      column-gap: 8px;
      font-size: 11px;
    }
    .figures > span {
      min-width: 0;
    }
  }
  @media (pointer: coarse) {
    .fold {
      width: 36px;
      height: 36px;
    }
    .action {
      padding: 7px 14px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .bar.unknown i,
    .fold svg {
      animation: none;
      transition: none;
    }
  }
`;
