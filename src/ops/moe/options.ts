// What options may be called, and a few of the things that they may be.
import {ArgumentError, checkCount, ShapeError} from "../core/errors.ts";
import type {Tensor} from "../tf.ts";
import type {Choices, Routing} from "./routing.ts";

/** All names of options: a list that TypeScript keeps whole. */
export type Known<Options> = Readonly<Record<keyof Options, true>>;

/** Throws unless a value is one of some words. */
export function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  const all = words.map((word) => `"${word}"`);
  throw new ArgumentError(
    `${name} must be ${all.slice(0, -1).join(", ")} or ${all.at(-1)}, got ${String(value)}.`
  );
}

/** Throws unless x is a matrix; `expected` says of what. */
export function expectMatrix(name: string, expected: string, x: Tensor): void {
  if (x?.rank !== 2)
    throw new ShapeError(`${name}: expected ${expected}, got ${x?.shape ? `[${x.shape.join(", ")}]` : x}.`);
}

/** A routing of tokens that choose. Throws an ArgumentError for one of experts that do. */
export function choicesOf(routing: Routing, name: string): Choices {
  if (routing?.kind === "choices") return routing;
  throw new ArgumentError(
    `${name} is about tokens that choose. Leave it out where experts choose: their loads are even.`
  );
}

/** Throws unless so many tokens can be split into stretches of equal length. */
export function checkStretches(tokens: number, groups: number): void {
  checkCount("groups", groups);
  if (tokens % groups !== 0)
    throw new ArgumentError(`${tokens} tokens cannot be split into ${groups} stretches of equal length.`);
}

/** The nearest whole number, of two the even one, as numpy and Python round: what capacities of JAX's packages are. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}
