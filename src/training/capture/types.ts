/** Where a function's source begins: the cell, and its first character there (1-based). */
export interface FunctionOrigin {
  cellId: number | null;
  line: number;
  column: number;
  /** The source's line for every line of the function, where they are not simply consecutive: columns differ then too. */
  lines?: readonly number[];
}

/** A function as it travels: its source, and its free names by value. */
export interface CapturedFunction {
  source: string;
  /** True for `name() {}` as it stands in an object or class: not an expression by itself. */
  method: boolean;
  /** Values of its free names; those that are functions or module exports are filled in by `patches`. */
  scope: Record<string, unknown>;
}

/** A name that a `petri/*` module exports, or the whole module (`*`). */
export interface ModuleReference {
  specifier: string;
  name: string;
}

/**
 * A function and all that it needs, fit for structured clone. The first of `functions` is the function itself.
 * Functions and module exports inside values are holes that `patches` fill once both sides have a copy: the clone
 * keeps `target` the same object as in the value it belongs to.
 */
export interface Captured {
  functions: CapturedFunction[];
  modules: ModuleReference[];
  patches: {target: object; key: string | number; use: "function" | "module"; index: number}[];
}
