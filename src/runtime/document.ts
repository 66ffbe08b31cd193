import {toCell} from "@observablehq/notebook-kit";
import {History} from "./history.ts";
import type {Cell, CellMode, Notebook} from "./types.ts";

/** A change that cannot be made to the notebook as it is. */
export class DocumentError extends Error {
  override name = "DocumentError";
}

/** What listeners of a document's "change" event get as `detail`. */
export interface DocumentChange {
  notebook: Notebook;
  previous: Notebook;
  /** What was done, in words: "delete cell", "undo". */
  label: string;
}

/** What a new cell may be given; the rest takes the format's defaults. */
export type CellFields = Partial<Omit<Cell, "id">>;

/** Fields of a notebook that are not its cells. */
export type NotebookFields = Partial<Pick<Notebook, "title" | "theme" | "readOnly">>;

/**
 * A notebook being edited. Notebooks and cells are replaced, never mutated, so that a former one can be kept
 * for undo, for comparison with the file, and for a journal. Every change dispatches "change".
 */
export class NotebookDocument extends EventTarget {
  #history: History<Notebook>;
  #lastId: number;

  constructor(notebook: Notebook) {
    super();
    this.#history = new History(notebook);
    this.#lastId = Math.max(0, ...notebook.cells.map((cell) => cell.id));
  }

  get notebook(): Notebook {
    return this.#history.present;
  }

  get cells(): Cell[] {
    return this.notebook.cells;
  }

  /** What undo would take back, in words; null when there is nothing. */
  get undoLabel(): string | null {
    return this.#history.undoLabel;
  }

  get redoLabel(): string | null {
    return this.#history.redoLabel;
  }

  /** The cell with this id. Throws DocumentError when there is none. */
  cell(id: number): Cell {
    return this.cells[this.#index(id)];
  }

  /** Adds a cell before position `at` (default: at the end) and returns it; its id was never used before. */
  add(fields: CellFields = {}, at = this.cells.length): Cell {
    const cell = toCell({...fields, id: ++this.#lastId});
    this.#set(this.cells.toSpliced(at, 0, cell), "add cell");
    return cell;
  }

  remove(id: number): void {
    this.#set(this.cells.toSpliced(this.#index(id), 1), "delete cell");
  }

  /** Moves a cell so that it stands at position `to` of the list without it. */
  move(id: number, to: number): void {
    const from = this.#index(id);
    const target = Math.max(0, Math.min(to, this.cells.length - 1));
    if (from === target) return;
    this.#set(this.cells.toSpliced(from, 1).toSpliced(target, 0, this.cells[from]), "move cell");
  }

  /** Adds a copy below and returns it. */
  duplicate(id: number): Cell {
    const {id: _, ...fields} = this.cell(id);
    const cell = toCell({...fields, id: ++this.#lastId});
    this.#set(this.cells.toSpliced(this.#index(id) + 1, 0, cell), "duplicate cell");
    return cell;
  }

  /** Cuts a cell in two at a character offset; the new lower cell is returned. Line breaks at the cut go. */
  split(id: number, offset: number): Cell {
    const index = this.#index(id);
    const cell = this.cells[index];
    const upper = {...cell, value: cell.value.slice(0, offset).replace(/\s*\n\s*$/, "")};
    const value = cell.value.slice(offset).replace(/^[^\S\n]*\n/, "");
    const lower = toCell({...cell, output: undefined, id: ++this.#lastId, value});
    this.#set(this.cells.toSpliced(index, 1, upper, lower), "split cell");
    return lower;
  }

  /** Joins a cell to the one above, which keeps its id and is returned. Both must be of one kind. */
  merge(id: number): Cell {
    const index = this.#index(id);
    if (index === 0) throw new DocumentError("The first cell has no cell above to be merged with.");
    const [upper, lower] = this.cells.slice(index - 1, index + 1);
    if (upper.mode !== lower.mode) {
      throw new DocumentError(
        `Only cells of one kind can be merged; these are ${upper.mode} and ${lower.mode}. Change the kind of one first.`
      );
    }
    const values = [upper.value, lower.value].filter((value) => value.trim() !== "");
    const merged = {...upper, value: values.join(upper.mode === "md" ? "\n\n" : "\n")};
    this.#set(this.cells.toSpliced(index - 1, 2, merged), "merge cells");
    return merged;
  }

  /** Replaces a cell's source. Successive edits of one cell are one step of undo. */
  edit(id: number, value: string): void {
    if (this.cell(id).value === value) return;
    this.#replace(id, {value}, "edit cell", `edit ${id}`);
  }

  /** Changes a cell's kind; what only the old kind had (a database, a format) goes. */
  setMode(id: number, mode: CellMode): void {
    const cell = this.cell(id);
    if (cell.mode === mode) return;
    const {value, hidden, output} = cell;
    this.#replace(id, toCell({id, mode, value, hidden, output}), "change kind");
  }

  /** Sets the other attributes of a cell: pinned (source shown), hidden (output not shown), output, database. */
  set(id: number, fields: Omit<CellFields, "mode" | "value">): void {
    this.#replace(
      id,
      fields,
      Object.keys(fields)
        .map((name) => `set ${name}`)
        .join(", ")
    );
  }

  setNotebook(fields: NotebookFields): void {
    const key = Object.keys(fields).join(" ");
    this.#push({...this.notebook, ...fields}, `set ${key}`, `set ${key}`);
  }

  /** Puts another notebook in the place of this one, in one step of undo: a draft that was recovered. */
  replaceAll(notebook: Notebook, label: string): void {
    this.#lastId = Math.max(this.#lastId, ...notebook.cells.map((cell) => cell.id));
    this.#push(notebook, label);
  }

  /** Takes the last change back; a deleted cell returns with its id. False when there is nothing to undo. */
  undo(): boolean {
    return this.#travel("undo", () => this.#history.undo());
  }

  redo(): boolean {
    return this.#travel("redo", () => this.#history.redo());
  }

  /** Ends the run of edits that one step of undo takes back, e.g. when the cell is run. */
  commit(): void {
    this.#history.commit();
  }

  #index(id: number): number {
    const index = this.cells.findIndex((cell) => cell.id === id);
    if (index < 0) throw new DocumentError(`The notebook has no cell ${id}.`);
    return index;
  }

  #replace(id: number, fields: Partial<Cell>, label: string, group?: string): void {
    const index = this.#index(id);
    const {cells} = this;
    this.#push({...this.notebook, cells: cells.with(index, {...cells[index], ...fields})}, label, group);
  }

  #set(cells: Cell[], label: string): void {
    this.#push({...this.notebook, cells}, label);
  }

  #push(notebook: Notebook, label: string, group?: string): void {
    const previous = this.notebook;
    this.#history.push(notebook, label, group);
    this.#dispatch(previous, label);
  }

  #travel(label: string, step: () => boolean): boolean {
    const previous = this.notebook;
    if (!step()) return false;
    this.#dispatch(previous, label);
    return true;
  }

  #dispatch(previous: Notebook, label: string): void {
    const detail: DocumentChange = {notebook: this.notebook, previous, label};
    this.dispatchEvent(new CustomEvent("change", {detail}));
  }
}
