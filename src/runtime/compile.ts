import {transpileTemplate} from "@observablehq/notebook-kit";
import {compileError, unsupportedMessage} from "./errors.ts";
import {instrument} from "./instrument.ts";
import {type FunctionSource, transpileJavaScript} from "./javascript.ts";
import {normaliseFunction} from "./normalise.ts";
import {transpileObservable} from "./observable-javascript.ts";
import {databaseOf, normaliseSql, sqlExpression, sqlQuasis, templateReferences} from "./sql-cell.ts";
import type {SqlReferences} from "./sql-references.ts";
import {sqlTemplates} from "./sql-templates.ts";
import type {Cell, CellMode} from "./types.ts";
import {transpileTypeScript} from "./typescript.ts";

/** A cell's source made into code that the runtime can define. */
export interface CompiledCell {
  id: number;
  mode: CellMode;
  /** Source of a function whose parameters are `inputs`, in order. */
  body: string;
  inputs: string[];
  /** Names that the function returns in an object. */
  outputs: string[];
  /** The one name that the function's value gets instead, e.g. `x`, `viewof$x`, `mutable x`. */
  output: string | undefined;
  /** Whether the value is shown when it is there. */
  autodisplay: boolean;
  autoview: boolean;
  automutable: boolean;
  /** Tables of SQL in the cell, and the variable of the client they are asked of. */
  tables: (SqlReferences & {database: string})[];
  /** Equal for sources that compute the same in the same way. */
  code: string;
  /** As `code`, whatever the names are that the cell defines. */
  shape(): string;
  /** Names that the cell would define if it could run. */
  unavailable: string[];
  /** The 1-based line of the source for a line of the body. */
  sourceLine(bodyLine: number): number;
  /** The notebook that an import cell of Observable JavaScript asks for. */
  notebookImport: string | undefined;
}

/** Compiles a cell. Throws a CompileError with the position in the cell's source. */
export function compileCell(cell: Cell): CompiledCell {
  try {
    return compile(cell);
  } catch (error) {
    throw compileError(error);
  }
}

function compile(cell: Cell): CompiledCell {
  switch (cell.mode) {
    case "js":
      return finish(cell, transpileJavaScript(cell.value));
    case "ts": {
      const {code, lines} = transpileTypeScript(cell.value);
      return finish(cell, transpileJavaScript(code), {lines});
    }
    case "ojs": {
      const {output, autoview, automutable, notebook, ...source} = transpileObservable(cell);
      const view = {output, autoview, automutable, notebookImport: notebook};
      return finish(cell, source, output === undefined ? {notebookImport: notebook} : view);
    }
    case "sql":
      return compileSql(cell);
    case "node":
    case "python":
    case "r": {
      const unavailable = cell.output === undefined ? [] : [cell.output];
      return {...finish({...cell, output: undefined}, transpileJavaScript(notice(cell.mode))), unavailable};
    }
    default: {
      const source = transpileJavaScript(transpileTemplate(cell));
      return finish(cell, source, {autodisplay: cell.value.trim() !== ""});
    }
  }
}

function notice(mode: CellMode): string {
  return `htl.html\`<p class="petri-notice">${unsupportedMessage(mode)}</p>\``;
}

function compileSql(cell: Cell): CompiledCell {
  const source = transpileJavaScript(sqlExpression(cell));
  const shown = !cell.hidden && cell.value.trim() !== "";
  const database = databaseOf(cell);
  const tables = database === null ? [] : [{database, ...templateReferences(sqlQuasis(cell.value))}];
  const view = shown && cell.output !== undefined;
  const output = view ? `viewof$${cell.output}` : cell.output;
  const compiled = finish(cell, source, {output, autoview: view, autodisplay: shown, tables});
  // Comments and blanks of SQL are text to JavaScript, so they are taken out apart.
  const code = `sql ${cell.database} ${shown} ${normaliseSql(cell.value)}`;
  return {...compiled, code, shape: () => code};
}

type Details = Partial<Omit<CompiledCell, keyof FunctionSource | "id" | "mode">> & {lines?: number[]};

function finish(cell: Cell, source: FunctionSource, details: Details = {}): CompiledCell {
  const {body, inputs, outputs, expression, lineOffset} = source;
  const {lines, ...rest} = details;
  const displays = inputs.includes("display") || inputs.includes("view");
  const autodisplay =
    details.autodisplay ?? (cell.mode === "ojs" ? outputs.length === 0 : expression && !displays);
  let shape: string | undefined;
  return {
    id: cell.id,
    mode: cell.mode,
    inputs,
    outputs,
    output: cell.output,
    autoview: false,
    automutable: false,
    tables: sqlTemplates(body),
    notebookImport: undefined,
    unavailable: [],
    ...rest,
    autodisplay: autodisplay && !cell.hidden,
    body: instrument(body, cell.id, lineOffset, lines),
    code: `${cell.mode === "ojs" ? "ojs" : "js"} ${normaliseFunction(body)}`,
    shape: () => {
      shape ??= shapeOfBody(source, details.output ?? cell.output);
      return shape;
    },
    sourceLine: (line) => lines?.[line - lineOffset - 1] ?? Math.max(1, line - lineOffset)
  };
}

/** The last statement of a body, which says the names of the outputs, is left out. */
function shapeOfBody({body, outputs}: FunctionSource, output: string | undefined): string {
  const end = outputs.length > 0 ? body.lastIndexOf("\nreturn {") : -1;
  return normaliseFunction(
    end < 0 ? body : `${body.slice(0, end)}\n}`,
    output ? [output, ...outputs] : outputs
  );
}
