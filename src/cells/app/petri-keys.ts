import {html, LitElement, nothing, type TemplateResult} from "lit";
import {customElement, property} from "lit/decorators.js";
import type {Action, ActionGroup} from "./action.ts";
import {ACTIONS} from "./actions.ts";
import {keyCaps} from "./keymap.ts";
import {isMac} from "./platform.ts";

const GROUPS: readonly ActionGroup[] = ["Run", "Move around", "Cell", "Kind", "Notebook", "Petri"];

/** The keyboard help, a page or in a dialog: the table of actions, as it is. */
@customElement("petri-keys")
export class PetriKeys extends LitElement {
  @property({attribute: false}) versions: Readonly<Record<string, string>> = {};
  /** In a dialog, which says the title itself. */
  @property({type: Boolean}) embedded = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<div class=${this.embedded ? "" : "page"}>
      ${this.embedded ? nothing : html`<h1>Keyboard</h1>`}
      <p>
        A cell is either selected or being edited. <kbd>Esc</kbd> leaves the source and selects the cell; then letters are
        commands. <kbd>Enter</kbd> goes back in.
      </p>
      <div class="keys">
        ${GROUPS.map(
          (group) => html`<section>
            <h2>${group === "Kind" ? "Change kind to" : group}</h2>
            <dl>
              ${ACTIONS.filter((action) => action.group === group && action.keys.length > 0).map(row)}
            </dl>
          </section>`
        )}
      </div>
      <p class="home-note">${Object.entries(this.versions).map(([name, version]) => html`${name} ${version} `)}</p>
    </div>`;
  }
}

function row({title, keys, mode}: Action): TemplateResult {
  const where = mode === "edit" ? html` <span class="where">while editing</span>` : "";
  return html`<div>
    <dt>${title}${where}</dt>
    <dd>
      ${keys.map(
        (key, index) =>
          html`${index > 0 ? html`<span class="or">or</span>` : ""}${keyCaps(key, isMac).map(
            (cap) => html`<kbd>${cap}</kbd>`
          )}`
      )}
    </dd>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-keys": PetriKeys;
  }
}
