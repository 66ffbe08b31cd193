import "../editor/petri-editor.ts";
import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import type {Cell, CellStatus} from "../../runtime/types.ts";
import type {PetriEditor} from "../editor/petri-editor.ts";
import type {CompletionProvider, SourceMark} from "../editor/types.ts";
import {ACTIONS, actionById} from "./actions.ts";
import {MODE_TITLES} from "./cell-modes.ts";
import {describeState} from "./cell-state.ts";
import type {ActionContext} from "./commands.ts";
import {formatDuration} from "./format.ts";
import {icon} from "./icons.ts";
import {titleWithKey} from "./keymap.ts";
import type {MenuSection} from "./menu.ts";
import {isMac} from "./platform.ts";

const MENU: readonly MenuSection[] = [
  {actions: ACTIONS.filter(({place, danger}) => place === "cell" && !danger)},
  {
    submenu: {label: "Change kind", icon: "code"},
    actions: ACTIONS.filter(({place}) => place === "kind")
  },
  {actions: ACTIONS.filter(({place, danger}) => place === "cell" && danger)}
];
const [RUN_TITLE, STOP_TITLE, ADD_TITLE] = ["run-cell", "stop-cell", "add-below"].map((id) =>
  titleWithKey(actionById(id), isMac)
);
/** The kinds offered on an empty cell. */
const FIRST_KINDS = ["js", "md", "sql", "html", "tex", "ts"] as const;

/**
 * One cell: its results, its source below them, the state at its edge, and its tools. It decides nothing: it says what
 * was asked for.
 *
 * @fires petri-action - `CustomEvent<{action: string}>`
 * @fires petri-edit - `CustomEvent<{value: string}>` at every edit of the source
 */
@customElement("petri-cell")
export class PetriCell extends LitElement {
  @property({attribute: false}) cell!: Cell;
  /** 1-based place in the notebook. */
  @property({type: Number}) position = 1;
  @property({attribute: false}) status: CellStatus | undefined;
  /** The element with the results; it outlives the cell's, so that a deletion can be taken back. */
  @property({attribute: false}) output!: HTMLElement;
  @property({type: Boolean}) active = false;
  @property({type: Boolean}) readOnly = false;
  @property({attribute: false}) completions: CompletionProvider | null = null;
  @property({attribute: false}) context: (() => ActionContext) | null = null;
  /** Whether the source is open though it is not pinned: while it is being edited. */
  @state() private editing = false;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "group");
    this.addEventListener("focusout", this.#left);
    this.addEventListener("petri-menu", this.#menuToggled);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("cell") && !this.cell.pinned && this.cell.value === "" && !this.readOnly)
      this.editing = true;
  }

  protected override render(): TemplateResult {
    const {cell, status, position} = this;
    const shown = status?.state ?? "idle";
    const words = describeState(status, Date.now());
    this.dataset.state = shown;
    this.dataset.mode = cell.mode;
    this.tabIndex = this.active ? 0 : -1;
    this.classList.toggle("active", this.active);
    this.setAttribute("aria-label", `Cell ${position}, ${MODE_TITLES[cell.mode]}, ${words}`);
    const open = this.sourceOpen;
    return html`<button
        type="button"
        class="cell-bar"
        tabindex="-1"
        aria-label=${open ? "Hide source" : "Show source"}
        aria-expanded=${open}
        title=${`${words[0].toUpperCase()}${words.slice(1)}`}
        @click=${this.#toggleSource}
      ></button>
      ${this.output} ${open ? this.#source() : nothing} ${this.#tools(shown)}
      ${
        this.readOnly
          ? nothing
          : html`<div class="cell-add">
              <button
                type="button"
                class="tool"
                aria-label="Add cell below"
                title=${ADD_TITLE}
                tabindex=${this.active ? 0 : -1}
                @click=${() => this.#act("add-below")}
              >
                ${icon("plus")}
              </button>
            </div>`
      }`;
  }

  /** Whether the source can be seen. */
  get sourceOpen(): boolean {
    return this.cell.pinned || this.editing;
  }

  get editor(): PetriEditor | null {
    return this.querySelector(":scope > .cell-source > petri-editor");
  }

  /** Opens the source and puts the caret into it, unless the reader has gone to another place before its editor is there. */
  async edit(place?: {line: number; column?: number}): Promise<void> {
    const from = document.activeElement;
    this.editing = true;
    await this.updateComplete;
    // The first editor brings CodeMirror with it, which may take seconds: Escape and a press elsewhere are not undone.
    await this.editor?.load();
    const now = document.activeElement;
    if (now !== from && now?.matches("petri-cell, .cell-source *")) return;
    if (place) await this.editor?.focusLine(place.line, place.column);
    else this.editor?.focus();
  }

  #source(): TemplateResult {
    const {cell} = this;
    return html`<div class="cell-source">
      ${cell.mode === "js" || cell.value === "" ? nothing : html`<span class="cell-kind" aria-hidden="true">${cell.mode}</span>`}
      <petri-editor
        .value=${cell.value}
        .mode=${cell.mode}
        .label=${`Source of cell ${this.position}`}
        .readOnly=${this.readOnly}
        .marks=${this.#marks()}
        .completions=${this.completions}
        @change=${this.#edited}
        @petri-run=${(event: CustomEvent<{advance: boolean}>) => this.#act(event.detail.advance ? "run-and-next" : "run-cell")}
      ></petri-editor>
      ${cell.value === "" && !this.readOnly ? this.#kinds() : nothing}
    </div>`;
  }

  #kinds(): TemplateResult {
    return html`<div class="kind-choice" role="group" aria-label="Kind of cell">
      ${FIRST_KINDS.map(
        (mode) => html`<button
          type="button"
          class="tool"
          aria-pressed=${this.cell.mode === mode}
          @click=${() => this.#act(`kind-${mode}`)}
        >
          ${MODE_TITLES[mode]}
        </button>`
      )}
    </div>`;
  }

  #tools(shown: string): TemplateResult {
    const busy = shown === "running" || shown === "queued";
    const duration = this.status?.durationMs;
    const tab = this.active ? 0 : -1;
    return html`<div class="cell-tools" role="toolbar" aria-label=${`Tools of cell ${this.position}`}>
      ${duration === undefined || busy ? nothing : html`<span class="cell-time">${formatDuration(duration)}</span>`}
      <button type="button" class="tool" aria-label="Run cell" title=${RUN_TITLE} tabindex=${tab} @click=${() => this.#act("run-cell")}>
        ${icon("play")}
      </button>
      ${
        busy
          ? html`<button type="button" class="tool stop" aria-label="Stop" title=${STOP_TITLE} tabindex=${tab} @click=${() => this.#act("stop-cell")}>
              ${icon("stop")}
            </button>`
          : nothing
      }
      ${
        this.readOnly
          ? nothing
          : html`<span class="tool grip" title="Drag to move" aria-hidden="true" data-grip>${icon("grip")}</span>
            <petri-menu label="More cell actions" .tab=${tab} .sections=${MENU} .context=${this.context}></petri-menu>`
      }
    </div>`;
  }

  /** Hiding a pinned source is an edit of the notebook; looking at a hidden one is not. */
  #toggleSource(): void {
    if (this.cell.pinned && !this.readOnly) this.#act("pin-source");
    else this.editing = !this.editing;
    // The cell is selected by it, so that letters are commands again.
    this.focus({preventScroll: true});
  }

  #marks(): readonly SourceMark[] {
    const error = this.status?.error;
    if (error?.line === undefined || this.status?.edited) return NO_MARKS;
    return [{line: error.line, column: error.column, message: error.message}];
  }

  #edited(event: CustomEvent<{value: string}>): void {
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent("petri-edit", {detail: event.detail, bubbles: true}));
  }

  #act(action: string): void {
    this.dispatchEvent(new CustomEvent("petri-action", {detail: {action}, bubbles: true}));
  }

  /** A source that is not pinned closes when the focus goes elsewhere, unless it says something that has not run. */
  #left = (event: FocusEvent): void => {
    if (!this.editing || (event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) return;
    // The page itself losing the focus (another window, the developer tools) closes nothing.
    if (!document.hasFocus()) return;
    if (this.cell.value !== "" && !this.status?.edited) this.editing = false;
  };

  #menuToggled = (event: Event): void => {
    this.classList.toggle("menu-open", (event as CustomEvent<{open: boolean}>).detail.open);
  };

  /** Closes the source after a run, when the focus is not in it. */
  closeSource(): void {
    if (!this.querySelector(".cell-source")?.contains(document.activeElement)) this.editing = false;
  }
}

const NO_MARKS: readonly SourceMark[] = [];

declare global {
  interface HTMLElementTagNameMap {
    "petri-cell": PetriCell;
  }
}
