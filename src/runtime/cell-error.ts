import {RuntimeError} from "@observablehq/runtime";
import type {CompiledCell} from "./compile.ts";
import {CompileError} from "./errors.ts";
import type {Graph} from "./graph.ts";
import type {CellError} from "./types.ts";

/** Names that a training function gets in its argument, and is often written without. */
const OF_TRAINING: ReadonlySet<string> = new Set("ops data params live key signal log checkpoint".split(" "));
/** Characters shown of something thrown that is no Error. */
const MAX_PREVIEW = 200;

/** What an error is explained with. */
export interface ErrorContext {
  cellId: number;
  compiled: CompiledCell | null;
  graph: Graph;
  /** Lines of a stack before the body's first. */
  headerLines: number;
}

/** The account of an error that a cell shows: named, placed in the cell's source, with the cells concerned. */
export function describeError(error: unknown, context: ErrorContext): CellError {
  if (error instanceof CompileError) return {name: error.name, message: error.message, ...place(error)};
  if (error instanceof RuntimeError) return describeRuntimeError(error, context);
  if (!(error instanceof Error)) return {name: "Error", message: `The cell threw ${preview(error)}`};
  const located = error as Error & {line?: unknown; column?: unknown; cellId?: unknown; hint?: unknown};
  const {name, message, hint, line, cellId} = located;
  const account = {name, message, ...(typeof hint === "string" && {hint})};
  if (typeof line === "number") {
    if (typeof cellId === "number" && cellId !== context.cellId) {
      const where = `in cell ${cellId}, line ${line}`;
      return {
        ...account,
        message: message.includes(where) ? message : `${message} (${where})`,
        cells: [cellId]
      };
    }
    return {...account, ...place(located as {line: number; column?: number})};
  }
  return {...account, ...placeInStack(error.stack ?? "", context)};
}

function describeRuntimeError(error: RuntimeError, {cellId, graph, compiled}: ErrorContext): CellError {
  const duplicate = /^(.*) is defined more than once$/.exec(error.message);
  if (duplicate) {
    const name = duplicate[1].replace(/^viewof\$/, "viewof ");
    const definers = graph.definers(duplicate[1]);
    return {
      name: "DuplicateDefinitionError",
      message: `${name} is defined more than once, in ${list(definers)}.`,
      hint: `Rename ${name} in all but one of them.`,
      cells: definers.filter((id) => id !== cellId)
    };
  }
  if (error.message === "circular definition") {
    const cycle = graph.cycle(cellId) ?? [...graph.ancestors([cellId])].find((id) => graph.cycle(id));
    const cells = Array.isArray(cycle) ? cycle : (cycle !== undefined && graph.cycle(cycle)) || [];
    const names = cells.map((id, i) => nameBetween(graph, id, cells[(i + 1) % cells.length]));
    return {
      name: "CircularDefinitionError",
      message: `Each of ${list(cells)} waits for another: ${[...names, names[0]].join(" → ")}.`,
      hint: "Break the circle: let one of them not read the next.",
      cells: cells.filter((id) => id !== cellId)
    };
  }
  const {input} = error;
  const definers = input ? graph.definers(input) : [];
  const missing = input !== undefined && error.message === `${input} is not defined`;
  const line = input === undefined ? undefined : lineOf(input, compiled);
  if (missing) {
    const hint =
      OF_TRAINING.has(input) && compiled?.inputs.includes("train")
        ? `Take it from the argument: async function* ({${input}}) {...}.`
        : "Define it in another cell, or import it.";
    return {name: "RuntimeError", message: error.message, hint, ...(line && {line})};
  }
  // A table that a cell makes is a variable of a name that nobody wrote.
  const read = input?.replace(/^table:(?:.*\/)?(.+)@\d+$/, "$1");
  const hint = definers.length > 0 ? `${read} comes from ${list(definers)}, which failed.` : undefined;
  return {name: "RuntimeError", message: error.message, hint, cells: [...definers]};
}

/** The first line of the source that names an input. */
function lineOf(name: string, compiled: CompiledCell | null): number | undefined {
  if (!compiled || !/^[\w$]+$/.test(name)) return undefined;
  const word = new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`);
  const line = compiled.body.split("\n").findIndex((text, i) => i > 0 && word.test(text));
  return line < 0 ? undefined : compiled.sourceLine(line + 1);
}

function nameBetween(graph: Graph, from: number, to: number): string {
  return graph.edges.find((edge) => edge.from === from && edge.to === to)?.name ?? `cell ${from}`;
}

/** The innermost frame in this cell's code; failing that, the cell whose code it is. */
function placeInStack(stack: string, {cellId, compiled, headerLines}: ErrorContext): Partial<CellError> {
  const frames = [...stack.matchAll(/petri\/cell-(\d+)\.\d+\.js:(\d+):(\d+)/g)];
  const own = frames.find(([, id]) => Number(id) === cellId);
  if (!own || !compiled) return frames.length > 0 ? {cells: [Number(frames[0][1])]} : {};
  const line = compiled.sourceLine(Number(own[2]) - headerLines);
  // The columns of a TypeScript cell are those of what became of it.
  return {line, ...(compiled.mode !== "ts" && {column: Number(own[3])})};
}

function place({line, column}: {line?: number; column?: number}): Pick<CellError, "line" | "column"> {
  return {...(line !== undefined && {line}), ...(column !== undefined && {column})};
}

function list(ids: readonly number[]): string {
  const names = ids.map((id) => `cell ${id}`);
  return names.length < 2 ? (names[0] ?? "no cell") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function preview(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const text = json(value) ?? Object.prototype.toString.call(value);
  const shown = text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}…` : text;
  return `${shown}, which is no Error`;
}

/** Undefined for what JSON cannot say, such as circles. */
function json(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
