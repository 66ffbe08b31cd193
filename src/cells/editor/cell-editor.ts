import {Compartment, EditorState, Transaction} from "@codemirror/state";
import {EditorView} from "@codemirror/view";
import type {CellMode} from "../../runtime/types.ts";
import {baseExtension, type EditorHooks, modeExtension} from "./codemirror.ts";
import {hasMarks, markEffect} from "./marks.ts";
import {replacement} from "./replace.ts";
import type {EditorSelection, SourceMark} from "./types.ts";

/** What an editor shows; `update` brings the view to it. */
export interface EditorContent {
  value: string;
  mode: CellMode;
  label: string;
  readOnly: boolean;
  marks: readonly SourceMark[];
}

/** One CodeMirror view. This module is the lazily loaded half of `<petri-editor>`. */
export class CellEditor {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #settings = new Compartment();
  readonly #hooks: EditorHooks;
  #content: EditorContent;
  #applying = false;

  private constructor(
    parent: HTMLElement,
    content: EditorContent,
    hooks: EditorHooks,
    language: Awaited<ReturnType<typeof modeExtension>>
  ) {
    this.#content = content;
    this.#hooks = hooks;
    const own: EditorHooks = {
      ...hooks,
      changed: (value) => {
        this.#content = {...this.#content, value};
        if (!this.#applying) hooks.changed(value);
      }
    };
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: content.value,
        extensions: [baseExtension(own), this.#settings.of(settings(content)), this.#language.of(language)]
      })
    });
    drawAll(this.view);
    if (content.marks.length) this.view.dispatch({effects: markEffect(content.marks)});
  }

  /** Loads the grammar of the content's mode first, so that the text appears in its colours at once. */
  static async create(
    parent: HTMLElement,
    content: () => EditorContent,
    hooks: EditorHooks
  ): Promise<CellEditor> {
    let mode: CellMode;
    let language: Awaited<ReturnType<typeof modeExtension>>;
    do {
      mode = content().mode;
      language = await modeExtension(mode, hooks);
    } while (mode !== content().mode);
    return new CellEditor(parent, content(), hooks, language);
  }

  update(next: EditorContent): void {
    const last = this.#content;
    this.#content = next;
    const changes = replacement(this.view.state.doc.toString(), next.value);
    if (changes) {
      this.#applying = true;
      this.view.dispatch({changes, annotations: Transaction.addToHistory.of(false)});
      this.#applying = false;
    }
    if (!sameMarks(next.marks, last.marks) && (next.marks.length || hasMarks(this.view.state))) {
      this.view.dispatch({effects: markEffect(next.marks)});
    }
    if (next.label !== last.label || next.readOnly !== last.readOnly) {
      this.view.dispatch({effects: this.#settings.reconfigure(settings(next))});
    }
    if (next.mode !== last.mode) void this.#setMode(next.mode);
  }

  async #setMode(mode: CellMode): Promise<void> {
    const extension = await modeExtension(mode, this.#hooks);
    if (this.#content.mode === mode) this.view.dispatch({effects: this.#language.reconfigure(extension)});
  }

  get selection(): EditorSelection {
    const {from, to, head} = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(head);
    return {from, to, line: line.number, column: head - line.from + 1};
  }

  /** Puts the caret at a character (clamped) and takes the focus. */
  focus(at?: number): void {
    if (at !== undefined) {
      const anchor = Math.max(0, Math.min(at, this.view.state.doc.length));
      this.view.dispatch({selection: {anchor}, scrollIntoView: true});
    }
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }
}

function settings({label, readOnly}: EditorContent) {
  return [
    EditorView.contentAttributes.of({"aria-label": label, spellcheck: "false", autocapitalize: "off"}),
    EditorState.readOnly.of(readOnly)
  ];
}

/** Longer sources are drawn as they are scrolled to. */
const maxDrawnLines = 1000;

/**
 * Draws every line of a cell, on screen or not, so that the browser's own find, pictures of the whole page and a change
 * of its height see them all. CodeMirror has no option for it but the flag that it sets itself while printing.
 */
function drawAll(view: EditorView): void {
  if (view.state.doc.lines > maxDrawnLines) return;
  (view as unknown as {viewState: {printing: boolean}}).viewState.printing = true;
  view.requestMeasure();
}

/** Whoever renders may make the same marks anew each time. */
function sameMarks(a: readonly SourceMark[], b: readonly SourceMark[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
