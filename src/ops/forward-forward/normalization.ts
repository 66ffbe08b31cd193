// How lengths are taken out of what one block tells the next: only the direction goes on.
import {ArgumentError, checkNumber} from "../core/errors.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {rowsOf} from "./block.ts";

/** By the root of the mean square, by the Euclidean length, or not at all. */
export type Normalization = "rms" | "length" | "none";

const EPSILON: Record<Normalization, number> = {rms: 1e-8, length: 1e-4, none: 0};

/** Below it, one over an epsilon would be infinite in single precision, and outputs of zeros no numbers. */
const LEAST_EPSILON = 1e-30;

/** @throws ArgumentError for another kind, and for an epsilon that is not above zero or not finite. */
export function checkNormalization(kind: Normalization, epsilon: number | undefined): void {
  if (!Object.hasOwn(EPSILON, kind))
    throw new ArgumentError(`normalization must be "rms", "length" or "none", got ${String(kind)}.`);
  if (epsilon !== undefined) checkNumber("epsilon", epsilon, LEAST_EPSILON);
}

/** How the rows of an output with so many units are divided: by sqrt(spread times the sum of their squares) + epsilon. */
export interface Divisor {
  spread: number;
  epsilon: number;
}

/** What kernels know of a normalisation. */
export function divisorOf(kind: Normalization, units: number, epsilon = EPSILON[kind]): Divisor {
  if (kind === "none") return {spread: 0, epsilon: 1};
  return {spread: kind === "rms" ? 1 / units : 1, epsilon};
}

/** x / (its size + epsilon), example by example: [batch, ...] -> the same. */
export function normalizer(kind: Normalization, epsilon = EPSILON[kind]): (x: Tensor) => Tensor {
  if (kind === "none") return (x) => x;
  return (x) =>
    tidy(() => {
      const rows = rowsOf(x);
      const squares = tf.square(rows);
      const size = tf.sqrt(kind === "rms" ? tf.mean(squares, 1, true) : tf.sum(squares, 1, true));
      return tf.reshape(tf.div(rows, tf.add(size, epsilon)), x.shape);
    });
}
