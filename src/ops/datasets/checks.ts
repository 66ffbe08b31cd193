import {ArgumentError} from "../core/errors.ts";
import {mostNumbers} from "./readers/limits.ts";

/** Throws an ArgumentError where a dataset would hold more numbers than fit, before they are made. */
export function checkSize(name: string, rows: number, width: number): void {
  if (rows * width <= mostNumbers()) return;
  throw new ArgumentError(
    `${name}: expected at most ${mostNumbers()} numbers in all, and ${rows} rows of ${width} are more. Take fewer rows or smaller ones.`
  );
}

/** Throws an ArgumentError unless `value` is one of the choices. */
export function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ArgumentError(
    `${name} must be ${choices.map((each) => `"${each}"`).join(" or ")}, got “${value}”.`
  );
}
