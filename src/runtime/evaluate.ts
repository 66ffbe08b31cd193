import {captured} from "./capture.ts";
import type {RuntimeHooks} from "./types.ts";

/** Lines that the Function constructor puts before its body; the same in every engine, by the standard. */
export const HEADER_LINES = 2;

/** The address under which a cell's code appears in stacks and in a debugger. */
export function sourceUrl(cellId: number, revision: number): string {
  return `petri/cell-${cellId}.${revision}.js`;
}

/** Turns the source of a function into the function, in strict mode. */
export function evaluateBody(
  body: string,
  url: string,
  hooks: RuntimeHooks
): (...inputs: unknown[]) => unknown {
  const create = new Function("__petri", `"use strict"; return (${body}\n);\n//# sourceURL=${url}`);
  return create({captured, ...hooks});
}
