// What is said of wrong calls that several rules can get.
import {ArgumentError, ShapeError} from "../core/errors.ts";
import type {Key} from "../core/key.ts";
import type {Layer} from "../core/layer.ts";
import type {Tensor} from "../tf.ts";

/** @throws ArgumentError where something is given and no function; `such` names one. */
export function checkFunction(name: string, given: unknown, such: string): void {
  if (given === undefined || typeof given === "function") return;
  throw new ArgumentError(`${name} must be a function such as ${such}, got ${String(given)}.`);
}

/** @throws ArgumentError where something is given and no initializer. */
export const checkInitializer = (name: string, given: unknown): void =>
  checkFunction(name, given, "the initializer lecunNormal");

/** @throws ArgumentError where something is given and neither true nor false. */
export function checkFlag(name: string, given: unknown): void {
  if (given === undefined || typeof given === "boolean") return;
  throw new ArgumentError(`${name} must be true or false, got ${String(given)}.`);
}

/** @throws ArgumentError for what is no key; `of` needs one for its random numbers. */
export function checkKey(of: string, given: Key): void {
  if (typeof given?.fold === "function") return;
  throw new ArgumentError(`${of} draws by a key: pass {key: key(1)}; got ${String(given)}.`);
}

/** @throws ArgumentError where there is nothing, or something else than an object; `such` tells what it should be. */
export function checkGiven(of: string, given: unknown, such: string): void {
  if (typeof given === "object" && given !== null) return;
  throw new ArgumentError(`${of} takes ${such}, got ${String(given)}.`);
}

/** @throws ArgumentError for numbers that are not finite. */
export function checkFinite(of: string, numbers: ArrayLike<number>): void {
  for (let i = 0; i < numbers.length; ++i)
    if (!Number.isFinite(numbers[i]))
      throw new ArgumentError(
        `${of} must be finite numbers, got ${String(numbers[i])} at place ${i}: leave it out, or put a number in its place.`
      );
}

/** @throws ArgumentError for what is no layer among others. */
export function checkLayers(name: string, layers: readonly Layer[]): void {
  for (const [i, layer] of [...layers].entries())
    if (typeof layer?.init !== "function" || typeof layer.apply !== "function")
      throw new ArgumentError(
        `${name}[${i}] must be a layer such as dense({units: 64}), got ${String(layer)}.`
      );
}

/** @throws ShapeError for a batch without rows, and where inputs and what is wanted of them differ in their number. */
export function checkRows(of: string, x: Tensor, y: Tensor): void {
  const rows = x.shape[0] ?? 0;
  if (rows > 0 && rows === y.shape[0]) return;
  throw new ShapeError(
    `${of} learns from a batch of at least one input with one answer each: got inputs [${x.shape.join(", ")}] and answers [${y.shape.join(", ")}].`
  );
}

/** @throws ShapeError for all but a batch of inputs with a class number for each. */
export function checkClassNumbers(of: string, x: Tensor, y: Tensor): void {
  checkRows(of, x, y);
  if (y.rank === 1 && y.dtype === "int32") return;
  throw new ShapeError(
    `${of} learns classes, given as one whole number for each input, int32 [${x.shape[0]}]: got ${y.dtype} [${y.shape.join(", ")}]. Pass data with labels, without targets.`
  );
}
