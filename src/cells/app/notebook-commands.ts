import {DocumentError} from "../../runtime/document.ts";
import type {Cell, CellMode} from "../../runtime/types.ts";
import type {NotebookCommands} from "./commands.ts";
import {changedCell} from "./document-changes.ts";
import type {NotebookFiles} from "./notebook-files.ts";
import type {OpenNotebook} from "./open-notebook.ts";
import type {PetriCell} from "./petri-cell.ts";
import type {Session} from "./services.ts";
import {showToast} from "./toasts.ts";

/** What the commands need of the page that shows the notebook. */
export interface NotebookView {
  readonly open: OpenNotebook;
  readonly session: Session | null;
  readonly files: NotebookFiles;
  activeId: number | null;
  cellElement(id: number): PetriCell | null;
  /** Resolves when the page shows the document as it is. */
  readonly updateComplete: Promise<unknown>;
  stopRuns(): void;
}

/** The commands of the table of actions, carried out on one open notebook. */
export class CellCommands implements NotebookCommands {
  readonly #view: NotebookView;
  /** The message that offers a deleted cell back. */
  #offer: Promise<() => void> | null = null;

  constructor(view: NotebookView) {
    this.#view = view;
  }

  get cells(): readonly Cell[] {
    return this.#document.cells;
  }

  get activeCell(): Cell | null {
    return this.cells.find(({id}) => id === this.#view.activeId) ?? null;
  }

  get readOnly(): boolean {
    return this.#document.notebook.readOnly;
  }

  get canUndo(): boolean {
    return this.#document.undoLabel !== null;
  }

  get canRedo(): boolean {
    return this.#document.redoLabel !== null;
  }

  isBusy(id: number): boolean {
    const state = this.#view.session?.status(id)?.state;
    return state === "running" || state === "queued";
  }

  run(id: number): void {
    void this.#run([id]);
  }

  runAll(): void {
    void this.#run();
  }

  stop(id: number): void {
    this.#view.session?.stop(id);
  }

  stopAll(): void {
    this.#view.session?.stopAll();
    this.#view.stopRuns();
  }

  add(place: "above" | "below", mode: CellMode = "js"): void {
    const {activeId} = this.#view;
    const at = activeId === null ? this.cells.length : this.#indexOf(activeId) + (place === "below" ? 1 : 0);
    const {id} = this.#document.add({mode}, at);
    void this.#editWhenShown(id);
  }

  duplicate(id: number): void {
    const copy = this.#document.duplicate(id);
    void this.#focusWhenShown(copy.id);
  }

  remove(id: number): void {
    const index = this.#indexOf(id);
    const held = this.#view.cellElement(id)?.contains(document.activeElement) ?? false;
    this.#document.remove(id);
    const next = this.cells[index] ?? this.cells.at(-1);
    this.#view.activeId = next?.id ?? null;
    if (next && held) void this.#focusWhenShown(next.id);
    this.#offer?.then((close) => close());
    this.#offer = showToast({text: "Cell deleted.", action: {label: "Undo", run: () => this.undo()}});
  }

  move(id: number, by: -1 | 1): void {
    this.#document.move(id, this.#indexOf(id) + by);
    void this.#focusWhenShown(id);
  }

  split(id: number): void {
    const editor = this.#view.cellElement(id)?.editor;
    const {value} = this.#document.cell(id);
    const at = editor?.selection.from ?? 0;
    if (value.slice(0, at).trim() === "" || value.slice(at).trim() === "") {
      void showToast({text: "Put the caret where the cell should be cut."});
      return;
    }
    const lower = this.#document.split(id, at);
    void this.#editWhenShown(lower.id);
  }

  merge(id: number): void {
    try {
      const {id: merged} = this.#document.merge(id);
      void this.#focusWhenShown(merged);
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      void showToast({text: error.message, kind: "warning"});
    }
  }

  togglePinned(id: number): void {
    this.#document.set(id, {pinned: !this.#document.cell(id).pinned});
  }

  toggleHidden(id: number): void {
    this.#document.set(id, {hidden: !this.#document.cell(id).hidden});
    this.run(id);
  }

  setMode(id: number, mode: CellMode): void {
    const editing = this.#view
      .cellElement(id)
      ?.querySelector(".cell-source")
      ?.contains(document.activeElement);
    this.#document.setMode(id, mode);
    if (editing) void this.#editWhenShown(id);
  }

  select(by: -1 | 1): void {
    const {activeId} = this.#view;
    const index = activeId === null ? (by > 0 ? 0 : this.cells.length - 1) : this.#indexOf(activeId) + by;
    const cell = this.cells[Math.max(0, Math.min(index, this.cells.length - 1))];
    if (cell) void this.#focusWhenShown(cell.id);
  }

  advance(): void {
    if (!this.readOnly && this.activeCell && this.activeCell === this.cells.at(-1)) this.add("below");
    else this.select(1);
  }

  edit(id: number): void {
    if (!this.readOnly) void this.#editWhenShown(id);
  }

  leave(): void {
    const {activeId} = this.#view;
    if (activeId !== null) this.#view.cellElement(activeId)?.focus();
  }

  undo(): void {
    this.#offer?.then((close) => close());
    this.#offer = null;
    this.#travel(() => this.#document.undo());
  }

  redo(): void {
    this.#travel(() => this.#document.redo());
  }

  /** Selects what changed, so that one sees it and keys go on working there. */
  #travel(step: () => boolean): void {
    const previous = this.cells;
    if (!step()) return;
    const id = changedCell(previous, this.cells, this.#view.activeId);
    if (id !== null) void this.#focusWhenShown(id);
    else if (this.activeCell === null) this.#view.activeId = null;
  }

  save(): void {
    this.#document.commit();
    void this.#view.files.save();
  }

  rename(): void {
    void this.#view.files.rename();
  }

  duplicateNotebook(): void {
    void this.#view.files.duplicate();
  }

  deleteNotebook(): void {
    void this.#view.files.remove();
  }

  exportFile(): void {
    this.#view.files.export();
  }

  get #document() {
    return this.#view.open.document;
  }

  /** What was typed is safe before it is run: it may loop for ever and take the tab with it. */
  async #run(ids?: number[]): Promise<void> {
    const {open, session} = this.#view;
    if (!session) return;
    open.document.commit();
    await open.journalled();
    void session.run(ids, {force: true});
    for (const id of ids ?? []) this.#view.cellElement(id)?.closeSource();
  }

  #indexOf(id: number): number {
    return this.cells.findIndex((cell) => cell.id === id);
  }

  async #focusWhenShown(id: number): Promise<void> {
    this.#view.activeId = id;
    await this.#view.updateComplete;
    const element = this.#view.cellElement(id);
    await element?.updateComplete;
    element?.focus({preventScroll: true});
    element?.scrollIntoView({block: "nearest"});
  }

  async #editWhenShown(id: number): Promise<void> {
    this.#view.activeId = id;
    await this.#view.updateComplete;
    const element = this.#view.cellElement(id);
    await element?.updateComplete;
    element?.scrollIntoView({block: "nearest"});
    await element?.edit();
  }
}
