import "@observablehq/notebook-kit/highlight.css";
import "./editor.css";
import {html, LitElement, type PropertyValues} from "lit";
import {customElement, property} from "lit/decorators.js";
import type {CellMode} from "../../runtime/types.ts";
import type {CellEditor, EditorContent} from "./cell-editor.ts";
import type {EditorHooks} from "./codemirror.ts";
import {whenIdle} from "./idle-queue.ts";
import {whenNearViewport} from "./near-viewport.ts";
import {splitSource} from "./split.ts";
import type {CompletionProvider, EditorSelection, RunRequest, SourceMark} from "./types.ts";

/**
 * The source of one cell. Until it is near the viewport or focused it is the plain text in the editor's own metrics;
 * then CodeMirror is loaded and takes its place without moving anything.
 *
 * @fires change - `CustomEvent<{value: string}>` at every edit by the user.
 * @fires petri-run - `CustomEvent<RunRequest>` on Shift-Enter and Mod-Enter.
 * @fires petri-leave - `CustomEvent<{direction: "up" | "down" | "out"}>`, cancelable: an arrow key at the text's edge, or Escape; `preventDefault` says that the focus was taken elsewhere.
 * @fires petri-selection - the caret moved; read `selection`.
 */
@customElement("petri-editor")
export class PetriEditor extends LitElement {
  @property() value = "";
  @property() mode: CellMode = "js";
  /** The accessible name, e.g. "Source of cell 3". */
  @property() label = "Source";
  @property({type: Boolean, attribute: "readonly"}) readOnly = false;
  /** Lines to point at, e.g. of an error. */
  @property({attribute: false}) marks: readonly SourceMark[] = [];
  @property({attribute: false}) completions: CompletionProvider | null = null;

  #editor: CellEditor | null = null;
  #loading: Promise<CellEditor> | null = null;
  #forget: (() => void) | null = null;
  /** Counts removals, so that an editor which was being loaded meanwhile is dropped. */
  #life = 0;

  /** Light DOM: CodeMirror measures text and follows selections best there, and themes reach it. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.#editor)
      this.#forget = whenNearViewport(this, () => whenIdle(() => this.isConnected && this.load()));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forget?.();
    // A moved cell is put back at once and keeps its editor; a removed one must let go of the window's events.
    queueMicrotask(() => {
      if (!this.isConnected) this.#unload();
    });
  }

  #unload(): void {
    ++this.#life;
    this.#editor?.destroy();
    this.#editor = null;
    this.#loading = null;
    this.requestUpdate();
  }

  protected override render(): unknown {
    if (this.#editor) return this.#editor.view.dom;
    return html`<pre
      class="petri-source"
      tabindex="0"
      role="textbox"
      aria-multiline="true"
      aria-label=${this.label}
      @focus=${() => this.focus()}
      @pointerdown=${this.#pressed}
    >${this.value}</pre>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.size) this.#editor?.update(this.#content());
  }

  /** Where the caret is; the start while CodeMirror is not loaded. */
  get selection(): EditorSelection {
    return this.#editor?.selection ?? {from: 0, to: 0, line: 1, column: 1};
  }

  /** The two halves of the source at the caret, for "split cell". */
  split(): {before: string; after: string} {
    return splitSource(this.value, this.selection.from);
  }

  /** Takes the focus, loading CodeMirror first where needed. */
  override focus(options?: FocusOptions & {at?: number}): void {
    void this.load().then((editor) => editor.focus(options?.at));
  }

  /** Shows and focuses a place; 1-based. */
  async focusLine(line: number, column = 1): Promise<void> {
    const {view} = await this.load();
    const target = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
    this.#editor?.focus(Math.min(target.from + column - 1, target.to));
  }

  /** Becomes an editor now; resolves when it is one. */
  load(): Promise<CellEditor> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<CellEditor> {
    this.#forget?.();
    const life = this.#life;
    const [{CellEditor}] = await Promise.all([import("./cell-editor.ts"), this.updateComplete]);
    const parent = document.createElement("div");
    const editor = await CellEditor.create(parent, () => this.#content(), this.#hooks());
    if (life !== this.#life) editor.destroy();
    else this.#editor = editor;
    const held = this.contains(document.activeElement);
    this.requestUpdate();
    await this.updateComplete;
    if (held) editor.focus();
    return editor;
  }

  /** A press on the plain text puts the caret where it was pressed. */
  #pressed(event: PointerEvent): void {
    const {clientX: x, clientY: y} = event;
    void this.load().then((editor) => {
      editor.focus(editor.view.posAtCoords({x, y}) ?? undefined);
    });
  }

  #content(): EditorContent {
    const {value, mode, label, readOnly, marks} = this;
    return {value, mode, label, readOnly, marks};
  }

  #emit(type: string, detail?: object): boolean {
    return !this.dispatchEvent(
      new CustomEvent(type, {detail, bubbles: true, composed: true, cancelable: true})
    );
  }

  #hooks(): EditorHooks {
    return {
      changed: (value) => {
        this.value = value;
        this.#emit("change", {value});
      },
      selected: () => void this.#emit("petri-selection"),
      run: (advance) => void this.#emit("petri-run", {value: this.value, advance} satisfies RunRequest),
      leave: (direction) => this.#emit("petri-leave", {direction}),
      escape: () => this.#emit("petri-leave", {direction: "out"}),
      completions: () => this.completions
    };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-editor": PetriEditor;
  }
}
