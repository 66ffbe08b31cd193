import {html, nothing, render} from "lit";
import type {CellError} from "../../runtime/types.ts";
import {sourceExcerpt} from "./source-excerpt.ts";

/** Detail of the event `petri-go-to`, sent from the output: show a cell (this one when `cell` is absent), at a line. */
export interface GoToDetail {
  cell?: number;
  line?: number;
  column?: number;
}

export interface ErrorCardOptions {
  /** The source that was run. */
  source: string;
  /** What a person calls a cell, e.g. "cell 3"; defaults to its id. */
  cellLabel?: (id: number) => string;
}

/** An error for a reader: what happened, where in the source, what to do, and the other cells concerned. */
export function errorCard(
  error: CellError,
  cause: unknown,
  {source, cellLabel}: ErrorCardOptions
): HTMLElement {
  const card = document.createElement("div");
  card.className = "petri-error";
  card.setAttribute("role", "alert");
  const goTo = (detail: GoToDetail) => () =>
    card.dispatchEvent(new CustomEvent("petri-go-to", {detail, bubbles: true, composed: true}));
  const excerpt = sourceExcerpt(source, error.line, error.column);
  const stack = stackOf(cause);
  render(
    html`
      <p class="petri-error-message"><strong>${error.name}</strong> ${error.message}</p>
      ${
        excerpt
          ? html`<button class="petri-error-source" title="Go to line ${excerpt.line}"
              @click=${goTo({line: error.line, column: error.column})}
              ><span class="petri-error-line">${excerpt.line}</span><code>${underlined(excerpt.text, excerpt.underline)}</code></button>`
          : nothing
      }
      ${error.hint ? html`<p class="petri-error-hint">${error.hint}</p>` : nothing}
      ${
        error.cells?.length
          ? html`<p class="petri-error-cells">${error.cells.map(
              (id) => html`<button @click=${goTo({cell: id})}>${cellLabel?.(id) ?? `cell ${id}`}</button>`
            )}</p>`
          : nothing
      }
      ${stack ? html`<details><summary>Stack</summary><pre>${stack}</pre></details>` : nothing}
    `,
    card
  );
  return card;
}

function underlined(text: string, range: {from: number; length: number} | null): unknown {
  if (!range) return text;
  const {from, length} = range;
  return html`${text.slice(0, from)}<mark>${text.slice(from, from + length) || " "}</mark>${text.slice(from + length)}`;
}

/** The frames below the message, when there is more than the cell itself to see. */
function stackOf(cause: unknown): string | null {
  if (!(cause instanceof Error) || !cause.stack) return null;
  const frames = cause.stack.split("\n").filter((line) => /^\s*at |@/.test(line));
  return frames.length > 1 ? frames.map((line) => line.trim()).join("\n") : null;
}
