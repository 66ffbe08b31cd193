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
  /** True when it was stopped by hand; what it showed until then stays. */
  stopped?: boolean;
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
  /** Something that this evaluation started failed: says so below what is shown, unless that says it already. */
  note?(error: CellError, cause: unknown): void;
}

/** What the code of a cell reaches as `__petri`, besides `captured`. */
export interface RuntimeHooks {
  /** Dynamic and static imports; `names` must be among the module's exports. */
  import(specifier: string, options?: object, names?: string[]): Promise<object>;
  /** import.meta */
  meta: object;
  /** What an import of another notebook fails with. */
  notebookImport?: Error;
}

/** What a builtin that is bound to a cell, such as `train`, knows of the evaluation that uses it. */
export interface CellContext {
  readonly cellId: number;
  /** Names the evaluation in what the session tells of it; null when it tells of none. */
  readonly execId: string | null;
  /** Aborts when the evaluation is superseded, its cell deleted, or either stopped. */
  readonly signal: AbortSignal;
  /** Shows a value under the cell, as the cell's own `display` does. */
  display(value: unknown): unknown;
  /** The cell counts as running until this settles. */
  waitUntil(promise: PromiseLike<unknown>): void;
  /** Something that the cell started has failed: the cell's state is an error at its line, what it shows stays. */
  fail(error: unknown): void;
  /** Something that is kept refers to `execId`: the session will tell of the evaluation, however soon it is over. */
  keep(): void;
  /** The cell's value was answered from a store: its state is `cached` instead of `done`. */
  markCached(): void;
}

/** One edge of the dataflow. */
export interface GraphEdge {
  /** The cell that defines the name; null for a builtin. */
  from: number | null;
  to: number;
  /** A variable, or `table:name`. */
  name: string;
}
