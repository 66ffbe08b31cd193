import {html, nothing} from "lit";

interface FootRequest {
  /** What is to be said of the curves, with no full stop. */
  note: string;
  isZoomed: boolean;
  showAll(): void;
  save(format: "svg" | "png" | "csv"): void;
}

/** What is shown of how much, and what can be done with all of it: below the charts, where the tools of a cell cover nothing. */
export function foot({note, isZoomed, showAll, save}: FootRequest): unknown {
  const formats = (["svg", "png", "csv"] as const).map(
    (format) =>
      html`<button type="button" title=${format === "csv" ? "Save all rows of these curves as CSV" : `Save the charts as ${format.toUpperCase()}`} @click=${() => save(format)}>${format.toUpperCase()}</button>`
  );
  const all = html`<button type="button" class="all" title="Show the whole axis again (double click, Escape)" @click=${showAll}>Show all</button>`;
  return html`<div class="foot">
    <span role="status">${note}</span><span class="save">${isZoomed ? all : nothing}${formats}</span>
  </div>`;
}
