import {leastSquares} from "../spline/least-squares.ts";
import type {AffineSamples} from "./affine-rows.ts";
import {scoreOne} from "./curve-rows.ts";
import type {AffineFit} from "./fit-affine.ts";
import type {SymbolicFunction} from "./functions.ts";

// From a point near the best fit to the best fit: Levenberg and Marquardt's steps in all four numbers. Where the numbers
// can stand in for each other (the offset and the scale of an exponential), the damping keeps the one that is there.

const STEPS = 60;
/** Relative change of the sum of squares below which nothing more is to be won. */
const ENOUGH = 1e-14;

type Numbers = readonly [inner: number, offset: number, scale: number, shift: number];

/** The fit after the steps, each of which fits better than the one before. */
export function polished(f: SymbolicFunction, samples: AffineSamples, fit: AffineFit): AffineFit {
  let numbers: Numbers = [fit.inner, fit.offset, fit.scale, fit.shift];
  let error = squaredError(f, samples, numbers);
  let damping = 1e-3;
  for (let step = 0; step < STEPS && Number.isFinite(error) && damping < 1e9; step++) {
    const next = moved(f, samples, numbers, damping);
    const nextError = next ? squaredError(f, samples, next) : Number.NaN;
    if (!next || !(nextError < error)) {
      damping *= 10;
      continue;
    }
    const isDone = error - nextError < ENOUGH * error;
    [numbers, error, damping] = [next, nextError, damping / 10];
    if (isDone) break;
  }
  const [inner, offset, scale, shift] = numbers;
  return {name: fit.name, inner, offset, scale, shift, r2: scoreOne(f, samples, inner, offset)};
}

/** One damped step; none where the curve has no slopes. */
function moved(f: SymbolicFunction, samples: AffineSamples, numbers: Numbers, damping: number) {
  const {x, y, mean} = samples;
  const [inner, offset, scale, shift] = numbers;
  const rows = x.length + 4;
  const matrix = new Float64Array(rows * 4);
  const targets = new Float64Array(rows);
  const lengths = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const z = inner * (x[i] as number) + offset;
    const value = f.value(z);
    const slope = scale * f.derivative(z);
    matrix.set([slope * (x[i] as number), slope, value, 1], i * 4);
    targets[i] = (y[i] as number) + mean - (scale * value + shift);
    for (let k = 0; k < 4; k++) lengths[k] = Math.hypot(lengths[k] as number, matrix[i * 4 + k] as number);
  }
  if (!lengths.every(Number.isFinite)) return undefined;
  for (let k = 0; k < 4; k++) matrix[(x.length + k) * 4 + k] = damping * (lengths[k] as number);
  const {solution} = leastSquares({matrix, rows, columns: 4, targets});
  return numbers.map((number, k) => number + (solution[k] as number)) as unknown as Numbers;
}

function squaredError(f: SymbolicFunction, {x, y, mean}: AffineSamples, numbers: Numbers): number {
  const [inner, offset, scale, shift] = numbers;
  let total = 0;
  for (let i = 0; i < x.length; i++)
    total += ((y[i] as number) + mean - scale * f.value(inner * (x[i] as number) + offset) - shift) ** 2;
  return total;
}
