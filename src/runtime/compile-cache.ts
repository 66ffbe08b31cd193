import {type CompiledCell, compileCell} from "./compile.ts";
import type {Cell} from "./types.ts";
import {typeScriptLoaded} from "./typescript.ts";

/** A cell's code, or why it has none. */
export interface Compilation {
  compiled?: CompiledCell;
  error?: unknown;
}

/** Compiles a cell once; cells are replaced when they change. */
export class CompileCache {
  readonly #results = new WeakMap<Cell, Compilation>();

  compile(cell: Cell): Compilation {
    const known = this.#results.get(cell);
    if (known) return known;
    const result = attempt(cell);
    // What failed for want of the compiler may be tried again.
    if (cell.mode !== "ts" || typeScriptLoaded()) this.#results.set(cell, result);
    return result;
  }
}

function attempt(cell: Cell): Compilation {
  try {
    return {compiled: compileCell(cell)};
  } catch (error) {
    return {error};
  }
}
