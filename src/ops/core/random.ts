// Random tensors in the manner of jax.random: every function takes the key first.
import {type Tensor, tf} from "../tf.ts";
import {checkNumber} from "./errors.ts";
import type {Key} from "./key.ts";
import type {Shape} from "./layer.ts";

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/** Uniform numbers in [low, high). */
export function uniform(key: Key, shape: Shape, low = 0, high = 1): Tensor {
  return tf.tensor(key.uniform(sizeOf(shape), low, high), [...shape]);
}

/**
 * Normal numbers.
 *
 * @example
 * import {key, random} from "petri/core";
 *
 * const points = random.normal(key(1), [300, 2]).arraySync();
 * display(Plot.dot(points, {r: 2}).plot({aspectRatio: 1, height: 260}));
 */
export function normal(key: Key, shape: Shape, mean = 0, standardDeviation = 1): Tensor {
  return tf.tensor(key.normal(sizeOf(shape), mean, standardDeviation), [...shape]);
}

/** Standard normal numbers truncated to [-2, 2] by inversion, so that element i needs draw i alone. Its standard deviation is 0.8796. */
export function truncatedNormal(key: Key, shape: Shape, standardDeviation = 1): Tensor {
  const draws = key.uniform(sizeOf(shape), TAIL, 1 - TAIL);
  return tf.tensor(
    draws.map((p) => standardDeviation * Math.max(-2, Math.min(2, inverseNormal(p)))),
    [...shape]
  );
}

/** 1 with the given probability, else 0, as float32. */
export function bernoulli(key: Key, probability: number, shape: Shape): Tensor {
  checkNumber("probability", probability, 0, 1);
  return tf.tensor(
    key.uniform(sizeOf(shape)).map((u) => (u < probability ? 1 : 0)),
    [...shape]
  );
}

/** The numbers 0 ... count-1 in random order, int32. */
export function permutation(key: Key, count: number): Tensor {
  return tf.tensor(key.permutation(count), [count], "int32");
}

/** Share of a standard normal below -2. */
const TAIL = 0.022750131948179212;

/** Quantile of the standard normal by P. J. Acklam's rational approximation, relative error under 1.2e-9. */
export function inverseNormal(p: number): number {
  if (p < 0.02425) return tailQuantile(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tailQuantile(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  const top =
    ((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.38357751867269e2) *
      r -
      3.066479806614716e1) *
      r +
    2.506628277459239;
  const bottom =
    ((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r +
      6.680131188771972e1) *
      r -
      1.328068155288572e1) *
      r +
    1;
  return (top * q) / bottom;
}

function tailQuantile(q: number): number {
  const top =
    ((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const bottom =
    (((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) *
      q +
    1;
  return top / bottom;
}
