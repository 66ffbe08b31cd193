// From curves to coefficients and back: an edge's spline is the sum of its coefficients times the basis functions.
import {ShapeError} from "../../core/errors.ts";
import {basisAt} from "./basis.ts";
import {intervalCount} from "./knots.ts";
import {checkFinite, leastSquares} from "./least-squares.ts";

/** Splines from each of `inputs` inputs to each of `outputs` outputs. */
export interface Edges {
  readonly inputs: number;
  readonly outputs: number;
  /** Degree. */
  readonly order: number;
  /** [inputs, intervals + 2 order + 1]. */
  readonly knots: Float64Array;
  /** Where: [samples, inputs]. */
  readonly x: Float64Array;
}

/**
 * The coefficients [inputs, outputs, intervals + order] whose splines come nearest to curves y [samples, inputs, outputs]
 * at x: least squares, and the smallest coefficients where samples leave some free (pykan's curve2coef with LAPACK's
 * gelsd). @throws ShapeError; ArgumentError for samples that are not finite
 *
 * @example
 * import {coefficientsFrom, splineCurves, uniformKnots} from "petri/kan";
 *
 * const x = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * const edges = {inputs: 1, outputs: 1, order: 3, knots: uniformKnots({intervals: 8, order: 3}), x};
 * const coefficients = coefficientsFrom({...edges, y: x.map(Math.exp)});
 * display(d3.max(splineCurves({...edges, coefficients}), (y, i) => Math.abs(y - Math.exp(x[i]))));
 */
export function coefficientsFrom({
  x,
  y,
  knots,
  inputs,
  outputs,
  order
}: Edges & {readonly y: Float64Array}): Float64Array {
  const {samples, count, width} = sizes({x, knots, inputs, outputs, order});
  if (y.length !== x.length * outputs)
    throw new ShapeError(
      `y must be [${samples}, ${inputs}, ${outputs}], a curve for each edge, got ${y.length} numbers.`
    );
  checkFinite("x", x);
  const coefficients = new Float64Array(inputs * outputs * width);
  const values = new Float64Array(order + 1);
  for (let i = 0; i < inputs; i++) {
    const matrix = new Float64Array(samples * width);
    const targets = new Float64Array(samples * outputs);
    for (let s = 0; s < samples; s++) {
      const at = s * inputs + i;
      const first = basisAt(x[at] as number, knots, i * count, count, order, values);
      matrix.set(values, s * width + first);
      targets.set(y.subarray(at * outputs, (at + 1) * outputs), s * outputs);
    }
    const {solution} = leastSquares({matrix, rows: samples, columns: width, targets});
    for (let o = 0; o < outputs; o++)
      for (let b = 0; b < width; b++)
        coefficients[(i * outputs + o) * width + b] = solution[b * outputs + o] as number;
  }
  return coefficients;
}

/** The splines' values [samples, inputs, outputs] at x (pykan's coef2curve). @throws ShapeError, ArgumentError */
export function splineCurves({
  x,
  knots,
  coefficients,
  inputs,
  outputs,
  order
}: Edges & {readonly coefficients: Float64Array}): Float64Array {
  const {count, width} = sizes({x, knots, inputs, outputs, order});
  if (coefficients.length !== inputs * outputs * width)
    throw new ShapeError(
      `coefficients must be [${inputs}, ${outputs}, ${width}], got ${coefficients.length} numbers.`
    );
  const curves = new Float64Array(x.length * outputs);
  const values = new Float64Array(order + 1);
  for (let at = 0; at < x.length; at++) {
    const i = at % inputs;
    const first = basisAt(x[at] as number, knots, i * count, count, order, values);
    for (let o = 0; o < outputs; o++) {
      const from = (i * outputs + o) * width + first;
      let sum = 0;
      for (let b = 0; b <= order; b++) sum += (values[b] as number) * (coefficients[from + b] as number);
      curves[at * outputs + o] = sum;
    }
  }
  return curves;
}

function sizes({x, knots, inputs, order}: Edges): {samples: number; count: number; width: number} {
  const count = knots.length / inputs;
  const width = intervalCount(count, order) + order;
  if (x.length === 0 || x.length % inputs !== 0)
    throw new ShapeError(
      `x must be [samples, ${inputs}] with a sample at least, as the knots have ${inputs} rows; got ${x.length} numbers.`
    );
  return {samples: x.length / inputs, count, width};
}
