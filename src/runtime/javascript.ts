import {parseJavaScript} from "@observablehq/notebook-kit";
import type {Program} from "acorn";
import {Edits} from "./edits.ts";
import {importPrelude} from "./imports.ts";

/** A cell's source as a function of what it reads. */
export interface FunctionSource {
  /** A function expression; its parameters are `inputs`, in order. */
  body: string;
  /** Names the cell reads. */
  inputs: string[];
  /** Names the cell declares: the function then returns an object of them. */
  outputs: string[];
  /** Whether the cell is one expression, whose value the function returns. */
  expression: boolean;
  /** Line of the body minus line of the source. */
  lineOffset: number;
}

/**
 * Makes a function of a JavaScript cell. In contrast to the kit's, every line of the source stays one line of
 * the body, so that errors can be shown where they were made, and imports go through `__petri.import`.
 * Throws a SyntaxError with the position in its message.
 */
export function transpileJavaScript(input: string): FunctionSource {
  const cell = parseJavaScript(input);
  const inputs = [...new Set(cell.references.map((node) => node.name))];
  const outputs = [...new Set(cell.declarations?.map((node) => node.name))];
  if (cell.expression) {
    const start = `${cell.async ? "async " : ""}(${inputs.join(", ")}) => {return (`;
    return {body: `${start}\n${input}\n)}`, inputs, outputs, expression: true, lineOffset: 1};
  }
  const prelude = importPrelude(cell.body as Program, input);
  const edits = new Edits(input);
  for (const {start, end} of prelude.declarations) edits.blank(start, end);
  const isAsync = cell.async || prelude.declarations.length > 0;
  const start = `${isAsync ? "async " : ""}(${inputs.join(", ")}) => {${prelude.code}`;
  const end = outputs.length > 0 ? `return {${outputs.join(", ")}};}` : "}";
  return {body: `${start}\n${edits}\n${end}`, inputs, outputs, expression: false, lineOffset: 1};
}
