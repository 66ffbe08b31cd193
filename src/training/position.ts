import type {FunctionOrigin} from "./capture/types.ts";
import type {SourcePosition} from "./errors.ts";
import type {WireError} from "./protocol.ts";

/** A place in one of a run's functions as a place in the cell that has the function; null when that is unknown. */
export function positionOf(
  frame: WireError["frame"],
  origins: readonly (FunctionOrigin | undefined)[]
): SourcePosition | null {
  const origin = frame && origins[frame.function];
  if (!origin) return null;
  const {cellId, line, column, lines} = origin;
  if (lines) return {cellId, line: lines[frame.line - 1] ?? line};
  // Only the function's first line has something before it in the cell.
  return {
    cellId,
    line: line + frame.line - 1,
    column: frame.line === 1 ? column + frame.column - 1 : frame.column
  };
}

/** Where a text begins within a source; undefined when it is not in it once and only once. */
export function findOrigin(source: string, text: string, cellId: number | null): FunctionOrigin | undefined {
  const at = source.indexOf(text);
  if (at < 0 || source.indexOf(text, at + 1) >= 0) return undefined;
  const before = source.slice(0, at).split("\n");
  return {cellId, line: before.length, column: (before.at(-1) ?? "").length + 1};
}
