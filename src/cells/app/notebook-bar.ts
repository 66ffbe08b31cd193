import {html, nothing, type TemplateResult} from "lit";
import {ACTIONS, actionById} from "./actions.ts";
import type {ActionContext} from "./commands.ts";
import {icon} from "./icons.ts";
import {keyCaps, titleWithKey} from "./keymap.ts";
import type {MenuSection} from "./menu.ts";
import type {OpenNotebook, SaveState} from "./open-notebook.ts";
import {isMac} from "./platform.ts";

const MENU: readonly MenuSection[] = (["Run", "Notebook", "Petri"] as const).map((group) => ({
  actions: ACTIONS.filter((action) => action.place === "notebook" && action.group === group)
}));

const SAVE_WORDS: Record<SaveState, string> = {
  saved: "Saved",
  unsaved: "Unsaved",
  saving: "Saving…",
  conflict: "Changed elsewhere"
};

interface BarContent {
  open: OpenNotebook | null;
  context: () => ActionContext;
  /** Where a click on Save asks for: the server's disk or this browser. */
  place: "disk" | "browser";
  act(action: string): void;
}

/** The line above a notebook: way home, title, save state, run and stop, menu. */
export function notebookBar({open, context, place, act}: BarContent): TemplateResult {
  return html`<header class="bar">
    <div class="bar-inner">
      <a class="bar-home" href="#/" aria-label="All notebooks">${icon("back")}<span>Petri</span></a>
      <span class="bar-slash" aria-hidden="true">/</span>
      <div class="bar-middle">
        ${
          open
            ? html`<input
                class="bar-title"
                aria-label="Notebook title"
                spellcheck="false"
                .value=${open.document.notebook.title}
                ?readonly=${open.document.notebook.readOnly}
                @change=${(event: Event) => {
                  const title = (event.target as HTMLInputElement).value.trim() || "Untitled";
                  if (title !== open.document.notebook.title) open.document.setNotebook({title});
                }}
                @keydown=${(event: KeyboardEvent) => {
                  if (event.key === "Enter" || event.key === "Escape") (event.target as HTMLElement).blur();
                }}
              />`
            : nothing
        }
      </div>
      ${open ? saveState(open, place, act) : nothing}
      <button type="button" class="tool" aria-label="Run all cells" title=${titleWithKey(actionById("run-all"), isMac)} @click=${() => act("run-all")}>
        ${icon("play")}<span class="wide">Run all</span>
      </button>
      <petri-menu label="Notebook menu" .sections=${MENU} .context=${context}></petri-menu>
    </div>
  </header>`;
}

function saveState(
  open: OpenNotebook,
  place: "disk" | "browser",
  act: (action: string) => void
): TemplateResult {
  const {state} = open;
  const copy = open.name === null;
  const resting = !copy && (state === "saved" || state === "saving");
  const label = copy ? "Save a copy" : "Save";
  const where = place === "disk" ? "to disk" : "in this browser";
  return html`<span class="save-state" data-state=${state}>
    <span class="save-word ${resting ? "" : "wide"}" role="status">${copy && state === "saved" ? "Opened by address" : SAVE_WORDS[state]}</span>
    ${
      resting
        ? nothing
        : html`<button
            type="button"
            class="tool"
            title=${`${label} ${where} (${keyCaps("Mod-s", isMac).join(isMac ? "" : "+")})`}
            @click=${() => act("save")}
          >
            ${label}
          </button>`
    }
  </span>`;
}
