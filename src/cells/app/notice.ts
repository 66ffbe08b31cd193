import {html, type TemplateResult} from "lit";

/** A line above the cells that says something and offers what to do about it. */
export interface Notice {
  text: string;
  kind?: "error";
  choices: readonly {label: string; run(): void}[];
}

export function noticeLine({text, kind, choices}: Notice): TemplateResult {
  return html`<div class="notice ${kind ?? ""}" role="alert">
    <span>${text}</span>
    ${choices.map(
      ({label, run}) => html`<button type="button" class="text-button" @click=${run}>${label}</button>`
    )}
  </div>`;
}
