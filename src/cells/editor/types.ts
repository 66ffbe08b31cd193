import type {CellMode} from "../../runtime/types.ts";

/** A name the editor can complete. */
export interface NameCompletion {
  label: string;
  /** variable (the default), function, class, constant, namespace, property, ... */
  type?: string;
  /** Shown beside the name: where it comes from, or its signature. */
  detail?: string;
  /** A sentence shown when the name is selected. */
  info?: string;
}

/** What the caret asks for. */
export interface CompletionRequest {
  /** Language at the caret: `js` inside `${...}` of a text cell. */
  mode: CellMode;
  /** The objects before the caret: `[]` asks for names in scope, `["ops", "pruning"]` for the members of `ops.pruning`. */
  path: readonly string[];
  /** What has been typed of the name. */
  prefix: string;
}

export type CompletionProvider = (
  request: CompletionRequest
) => readonly NameCompletion[] | Promise<readonly NameCompletion[]>;

/** A place in the source to point at; 1-based. */
export interface SourceMark {
  line: number;
  column?: number;
  message: string;
  severity?: "error" | "warning";
}

/** Where the caret is, in characters from the start (`from` = `to` when nothing is selected) and 1-based. */
export interface EditorSelection {
  from: number;
  to: number;
  line: number;
  column: number;
}

/** Detail of the event `petri-run`. */
export interface RunRequest {
  value: string;
  /** True for Shift-Enter: run and go to the next cell; false for Mod-Enter: run and stay. */
  advance: boolean;
}
