import {transpile} from "@observablehq/notebook-kit";
import {parseCell} from "@observablehq/parser";
import type {FunctionSource} from "./javascript.ts";
import type {Cell} from "./types.ts";

/** What an Observable JavaScript cell compiles to. */
export interface ObservableSource extends FunctionSource {
  /** The name it defines: `x`, `viewof$x` or `mutable x`. */
  output: string | undefined;
  autoview: boolean;
  automutable: boolean;
  /** The notebook an import cell wants: these cannot be had without the network. */
  notebook: string | undefined;
}

/** Makes a function of an Observable JavaScript cell (`viewof x = ...`, `mutable x = ...`, blocks). */
export function transpileObservable(cell: Cell): ObservableSource {
  const input = cell.value;
  const parsed = parseCell(input);
  if (parsed.body?.type === "ImportDeclaration") return importCell(parsed.body);
  const {
    body,
    inputs = [],
    outputs = [],
    output,
    autoview,
    automutable
  } = transpile({...cell, output: undefined});
  const line = parsed.body ? input.slice(0, parsed.body.start).split("\n").length : 1;
  return {
    body,
    inputs,
    outputs,
    output,
    autoview: autoview ?? false,
    automutable: automutable ?? false,
    expression: outputs.length === 0,
    lineOffset: 2 - line,
    notebook: undefined
  };
}

interface ImportBody {
  source: {value: unknown};
  specifiers: {local: {name: string}; view?: boolean; mutable?: boolean}[];
}

function importCell(body: ImportBody): ObservableSource {
  const outputs = body.specifiers.flatMap(({local, view, mutable}) =>
    view
      ? [local.name, `viewof$${local.name}`]
      : mutable
        ? [local.name, `mutable$${local.name}`]
        : [local.name]
  );
  return {
    body: "() => { throw __petri.notebookImport; }",
    inputs: [],
    outputs,
    output: undefined,
    autoview: false,
    automutable: false,
    expression: false,
    lineOffset: 1,
    notebook: String(body.source.value)
  };
}
