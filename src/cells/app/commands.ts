import type {Cell, CellMode} from "../../runtime/types.ts";

/** What can be done in an open notebook; actions call these, the notebook page carries them out. */
export interface NotebookCommands {
  /** The cell that actions work on, in document order position; null in an empty notebook. */
  readonly activeCell: Cell | null;
  readonly cells: readonly Cell[];
  readonly readOnly: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  isBusy(id: number): boolean;
  run(id: number): void;
  runAll(): void;
  stop(id: number): void;
  stopAll(): void;
  add(place: "above" | "below", mode?: CellMode): void;
  duplicate(id: number): void;
  remove(id: number): void;
  move(id: number, by: -1 | 1): void;
  split(id: number): void;
  /** Joins the cell to the one above it. */
  merge(id: number): void;
  togglePinned(id: number): void;
  toggleHidden(id: number): void;
  setMode(id: number, mode: CellMode): void;
  select(by: -1 | 1): void;
  /** Goes to the next cell; below the last one it adds one. */
  advance(): void;
  edit(id: number): void;
  leave(): void;
  undo(): void;
  redo(): void;
  save(): void;
  rename(): void;
  duplicateNotebook(): void;
  deleteNotebook(): void;
  exportFile(): void;
}

/** What can be done anywhere in the app. */
export interface AppCommands {
  newNotebook(): void;
  importFile(): void;
  goHome(): void;
  showKeys(): void;
  cycleScheme(): void;
  /** Whether runs are kept, so that there is something to show. */
  readonly hasWorkspace: boolean;
  showWorkspace(): void;
}

export interface ActionContext {
  app: AppCommands;
  /** Null on the home and help pages. */
  notebook: NotebookCommands | null;
}

/** command: a cell is selected, letters are commands. edit: the caret is in a cell's source. */
export type KeyMode = "command" | "edit";
