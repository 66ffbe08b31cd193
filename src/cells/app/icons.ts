import {html, type SVGTemplateResult, svg, type TemplateResult} from "lit";

/** Drawn for a 16 x 16 box with 1.5 px strokes, so that they sit beside 13 px text. */
const PATHS = {
  play: svg`<path d="M4.5 3v10l8.5-5z" fill="currentColor" stroke="none" />`,
  stop: svg`<rect x="4" y="4" width="8" height="8" rx="1.5" fill="currentColor" stroke="none" />`,
  plus: svg`<path d="M8 3v10M3 8h10" />`,
  more: svg`<g fill="currentColor" stroke="none"><circle cx="3" cy="8" r="1.3" /><circle cx="8" cy="8" r="1.3" /><circle cx="13" cy="8" r="1.3" /></g>`,
  grip: svg`<g fill="currentColor" stroke="none"><circle cx="6" cy="3.5" r="1.1" /><circle cx="10" cy="3.5" r="1.1" /><circle cx="6" cy="8" r="1.1" /><circle cx="10" cy="8" r="1.1" /><circle cx="6" cy="12.5" r="1.1" /><circle cx="10" cy="12.5" r="1.1" /></g>`,
  up: svg`<path d="M8 13V3M4 7l4-4 4 4" />`,
  down: svg`<path d="M8 3v10M4 9l4 4 4-4" />`,
  back: svg`<path d="M10 3 5 8l5 5" />`,
  chevron: svg`<path d="m4 6 4 4 4-4" />`,
  copy: svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.5v-.5a1 1 0 0 0-1-1H3.5a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1H4" />`,
  split: svg`<path d="M2 8h12M5 2.500h6M5 13.500h6" stroke-dasharray="none" /><path d="M8 4.500v1M8 10.500v1" />`,
  merge: svg`<path d="M8 2v4M5.500 4 8 6.500 10.500 4M8 14v-4M5.500 12 8 9.500l2.500 2.500" />`,
  code: svg`<path d="m5 4-4 4 4 4M11 4l4 4-4 4" />`,
  eye: svg`<path d="M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8Z" /><circle cx="8" cy="8" r="2" />`,
  trash: svg`<path d="M2.500 4h11M6 4V2.500h4V4M4 4l.6 9a1 1 0 0 0 1 1h4.800a1 1 0 0 0 1-1L12 4" />`,
  save: svg`<path d="M8 2v8M5 7.500 8 10.500l3-3M3 13.500h10" />`,
  undo: svg`<path d="M5.500 3 2.500 6l3 3M2.500 6h7a4 4 0 0 1 0 8H7" />`,
  redo: svg`<path d="m10.500 3 3 3-3 3M13.500 6h-7a4 4 0 0 0 0 8H9" />`,
  pencil: svg`<path d="m3 13 .7-3L11 2.700 13.300 5 6 12.300 3 13Z" />`,
  download: svg`<path d="M8 2v8M5 7.500 8 10.500l3-3M2.500 13.500h11" />`,
  upload: svg`<path d="M8 11V3M5 5.500 8 2.500l3 3M2.500 13.500h11" />`,
  database: svg`<ellipse cx="8" cy="4" rx="5" ry="2" /><path d="M3 4v8c0 1.100 2.200 2 5 2s5-.9 5-2V4M3 8c0 1.100 2.200 2 5 2s5-.9 5-2" />`,
  contrast: svg`<circle cx="8" cy="8" r="5.500" /><path d="M8 2.500v11a5.500 5.500 0 0 0 0-11Z" fill="currentColor" stroke="none" />`,
  sun: svg`<circle cx="8" cy="8" r="2.800" /><path d="M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900 13 13M13 3l-1.100 1.100M4.100 11.900 3 13" />`,
  moon: svg`<path d="M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7Z" />`,
  keyboard: svg`<rect x="1.500" y="4" width="13" height="8.500" rx="1.500" /><path d="M4 7h.01M6.700 7h.01M9.300 7h.01M12 7h.01M5 9.800h6" />`,
  close: svg`<path d="m4 4 8 8M12 4l-8 8" />`,
  check: svg`<path d="m3 8.500 3.500 3.500L13 4.500" />`,
  right: svg`<path d="m6 4 4 4-4 4" />`
} as const satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof PATHS;

/** An icon beside a text or inside a named button; hidden from screen readers. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${PATHS[name]}</svg>`;
}
