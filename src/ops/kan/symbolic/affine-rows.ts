import {curves, softenedR2} from "./curve-rows.ts";
import type {SymbolicFunction} from "./functions.ts";

// How well y follows f(a x + b), for one a and many b: the inner loop of fitting. It takes memory before it loops, and none
// while it does. Sines, exponentials and powers follow from sums over the samples that do not depend on b.

/** What the loops read: x, and y less its mean. */
export interface AffineSamples {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** What was taken off y. */
  readonly mean: number;
  /** Sum of the squares of y. */
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

/** Writes to `out`, for every offset, the squared correlation of y and f(inner x + offset), 0 where it is not a number. */
export type ScoreRow = (inner: number, offsets: Float64Array, out: Float64Array) => void;

/** How the curves of a function are scored. */
export interface Scores {
  readonly row: ScoreRow;
  /** Whether scores near each other are alike, and one of them takes its share of a row's time: a row's best is found by a few. */
  readonly isGradual: boolean;
}

/** The mean is taken off y. Rows where either is not finite have to be left out before. */
export function affineSamples(x: ArrayLike<number>, y: ArrayLike<number>): AffineSamples {
  const mean = sum(Float64Array.from(y)) / y.length;
  // What a constant differs from its mean by is rounding, and nothing is to be fitted to that.
  const least = 1e-13 * Math.abs(mean);
  const centred = Float64Array.from(y, (value) => (Math.abs(value - mean) > least ? value - mean : 0));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < x.length; i++) {
    low = Math.min(low, x[i] as number);
    high = Math.max(high, x[i] as number);
  }
  return {x: Float64Array.from(x), y: centred, mean, total: dot(centred, centred), low, high};
}

/** The quickest way to score the curves of a function. */
export function scoresOf(f: SymbolicFunction, samples: AffineSamples): Scores {
  const all = (row: ScoreRow) => ({row, isGradual: false});
  if (f.name === "sin") return all(waves(samples, 0));
  if (f.name === "cos") return all(waves(samples, Math.PI / 2));
  if (f.name === "exp") return all(exponentials(samples));
  const power = ["x", "x^2", "x^3", "x^4", "x^5"].indexOf(f.name) + 1;
  if (power > 0) return all(powers(samples, power));
  return {row: curves(samples, f), isGradual: GRADUAL.has(f.name)};
}

/** Functions without poles within the samples, and without jumps. */
const GRADUAL: ReadonlySet<string> = new Set(
  "tanh gaussian arctan abs log sqrt x^1.5 1/sqrt(x) arcsin arccos arctanh".split(" ")
);

/** sin(ax + b + phase), as a sum of sin(ax) and cos(ax). */
function waves({x, y, total}: AffineSamples, phase: number): ScoreRow {
  const [sines, cosines] = [new Float64Array(x.length), new Float64Array(x.length)];
  return (inner, offsets, out) => {
    for (let i = 0; i < x.length; i++) {
      sines[i] = Math.sin(inner * (x[i] as number));
      cosines[i] = Math.cos(inner * (x[i] as number));
    }
    centre(sines);
    centre(cosines);
    const [ss, sc, cc] = [dot(sines, sines), dot(sines, cosines), dot(cosines, cosines)];
    const [sy, cy] = [dot(sines, y), dot(cosines, y)];
    for (let j = 0; j < offsets.length; j++) {
      const [p, q] = [Math.cos((offsets[j] as number) + phase), Math.sin((offsets[j] as number) + phase)];
      out[j] = softenedR2(p * sy + q * cy, p * p * ss + 2 * p * q * sc + q * q * cc, total);
    }
  };
}

/** exp(ax + b): every b gives the same curve, at another height. */
function exponentials({x, y, total, low, high}: AffineSamples): ScoreRow {
  const heights = new Float64Array(x.length);
  return (inner, offsets, out) => {
    const top = Math.max(inner * low, inner * high);
    for (let i = 0; i < x.length; i++) heights[i] = Math.exp(inner * (x[i] as number) - top);
    centre(heights);
    const [covariance, variance] = [dot(heights, y), dot(heights, heights)];
    for (let j = 0; j < offsets.length; j++) {
      const height = Math.exp((offsets[j] as number) + top);
      out[j] = softenedR2(covariance * height, variance * height * height, total);
    }
  };
}

/** (ax + b)^power, as a sum of powers of x. */
function powers({x, y, total}: AffineSamples, power: number): ScoreRow {
  const mean = sum(x) / x.length;
  const terms = Array.from({length: power}, (_, k) => centre(x.map((value) => (value - mean) ** (k + 1))));
  const covariances = terms.map((term) => dot(term, y));
  const variances = terms.map((a) => terms.map((b) => dot(a, b)));
  const weights = new Float64Array(power);
  const scales = new Float64Array(power);
  return (inner, offsets, out) => {
    for (let k = 1, scale = 1; k <= power; k++) {
      scale *= (inner * (power - k + 1)) / k;
      scales[k - 1] = scale;
    }
    for (let j = 0; j < offsets.length; j++) {
      const start = inner * mean + (offsets[j] as number);
      let [covariance, variance] = [0, 0];
      for (let k = power, raised = 1; k > 0; k--, raised *= start)
        weights[k - 1] = (scales[k - 1] as number) * raised;
      for (let k = 0; k < power; k++) {
        const weight = weights[k] as number;
        covariance += weight * (covariances[k] as number);
        for (let l = 0; l < power; l++)
          variance += weight * (weights[l] as number) * ((variances[k] as number[])[l] as number);
      }
      out[j] = softenedR2(covariance, variance, total);
    }
  };
}

function centre(values: Float64Array): Float64Array {
  const mean = sum(values) / values.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - mean;
  return values;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
}
