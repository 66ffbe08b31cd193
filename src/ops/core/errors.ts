// The errors that the library throws when a shape or an argument is wrong, and the checks that throw them.

/**
 * A tensor or layer has a shape that the operation cannot take. The message names the layer's path and both shapes.
 *
 * @example
 * import {dense, key, ShapeError, tf} from "petri/core";
 *
 * const layer = dense({units: 2});
 * const params = layer.init(key(0), [3]);
 * try {
 *   layer.apply(params, tf.ones([1, 4]));
 * } catch (error) {
 *   display(error instanceof ShapeError && error.message);
 * }
 */
export class ShapeError extends Error {
  override name = "ShapeError";
}

/** An argument is out of range or of the wrong kind. The message says what to pass. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}

/** Throws unless `value` is a finite number in [low, high]. */
export function checkNumber(name: string, value: number, low = -Infinity, high = Infinity): void {
  if (typeof value !== "number" || !Number.isFinite(value) || value < low || value > high) {
    throw new ArgumentError(`${name} must be a number ${range(low, high)}, got ${String(value)}.`);
  }
}

/** Throws unless `value` is an integer of at least `low`. */
export function checkCount(name: string, value: number, low = 1): void {
  if (!Number.isInteger(value) || value < low) {
    throw new ArgumentError(`${name} must be a whole number of at least ${low}, got ${String(value)}.`);
  }
}

/** Throws unless options are an object and every one of them is `known`. */
export function checkOptions(of: string, options: object, known: Readonly<Record<string, true>>): void {
  if (typeof options !== "object" || options === null)
    throw new ArgumentError(
      `${of} takes an object with some of ${Object.keys(known).join(", ")}, got ${String(options)}.`
    );
  const other = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (other !== undefined)
    throw new ArgumentError(`${of} has no option ${other}. There are ${Object.keys(known).join(", ")}.`);
}

function range(low: number, high: number): string {
  if (low > -Infinity && high < Infinity) return `between ${low} and ${high}`;
  if (low > -Infinity) return `of at least ${low}`;
  return high < Infinity ? `of at most ${high}` : "that is finite";
}
