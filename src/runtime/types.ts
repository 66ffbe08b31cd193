import type {Cell, Notebook} from "@observablehq/notebook-kit";

export type CellMode = Cell["mode"];
export type {Cell, Notebook};

/** idle: never run. queued: waits for an input or its turn. stale: its source or an input changed and it has not run since (lazy mode, or edited and not run). cached: its value was answered from a store. */
export type CellStateName = "idle" | "queued" | "running" | "done" | "error" | "stale" | "cached";

/** An error as a cell shows it. */
export interface CellError {
  /** e.g. SyntaxError, RuntimeError, DuplicateDefinitionError, CircularDefinitionError */
  name: string;
  message: string;
  /** 1-based position in the cell's source, where known. */
  line?: number;
  column?: number;
  /** What to do about it. */
  hint?: string;
  /** Ids of other cells concerned: the members of a cycle, the other definition of a name. */
  cells?: number[];
}

/** What a person sees of a cell's execution; replaced, never mutated. */
export interface CellStatus {
  id: number;
  mode: CellMode;
  state: CellStateName;
  error?: CellError;
  /** Milliseconds since the epoch of the last start. */
  startedAt?: number;
  /** Duration of the last completed evaluation. */
  durationMs?: number;
  /** Names the cell defines, and the names it reads (variables and `table:name` edges). */
  defines: string[];
  references: string[];
  /** True when the source in the editor differs from the source that ran. */
  edited: boolean;
}

/** Where one cell's results appear. The page supplies it; the runtime never sees the DOM. */
export interface CellOutput {
  /** The element that the builtin `visibility` watches. */
  readonly node?: object;
  /** A new evaluation began; keep what is shown. */
  pending(): void;
  clear(): void;
  /** Appends a value (a DOM node is shown as it is, anything else is inspected); `name` labels it. */
  display(value: unknown, name?: string): void;
  /** Replaces what is shown by an error. */
  error(error: CellError, cause: unknown): void;
}
