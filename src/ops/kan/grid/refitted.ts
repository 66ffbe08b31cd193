// The coefficients on new knots that keep the curves of the old ones.
import {coefficientsFrom, type Edges, splineCurves} from "../spline/coefficients.ts";
import {intervalCount} from "../spline/knots.ts";

/** What `refitted` takes: splines on the knots until now, and the new ones. */
export interface Refit extends Edges {
  readonly coefficients: Float64Array;
  /** [inputs, intervals' + 2 order + 1]. */
  readonly newKnots: Float64Array;
}

/**
 * Coefficients [inputs, outputs, intervals' + order] on `newKnots`, by least squares at x [samples, inputs]: the
 * samples themselves, or what `gridPoints` gives. A row of knots that stays keeps its coefficients to the last bit.
 * @throws ShapeError, ArgumentError
 *
 * @example
 * import {refitted, splineCurves, uniformKnots} from "petri/kan";
 *
 * const spline = {inputs: 1, outputs: 1, order: 3, x: Float64Array.from({length: 50}, (_, i) => i / 25 - 1)};
 * const [knots, newKnots] = [3, 10].map((intervals) => uniformKnots({intervals, order: 3}));
 * const before = {...spline, knots, coefficients: Float64Array.of(0, 1, -1, 2, 0, 1)};
 * const after = {...spline, knots: newKnots, coefficients: refitted({...before, newKnots})};
 * // The same curve on a finer grid, but for rounding.
 * const curve = splineCurves(after);
 * display(d3.max(splineCurves(before), (y, i) => Math.abs(y - curve[i])));
 */
export function refitted({x, knots, coefficients, newKnots, inputs, outputs, order}: Refit): Float64Array {
  const y = splineCurves({x, knots, coefficients, inputs, outputs, order});
  const fitted = coefficientsFrom({x, y, knots: newKnots, inputs, outputs, order});
  if (newKnots.length !== knots.length) return fitted;
  const count = knots.length / inputs;
  const width = outputs * (intervalCount(count, order) + order);
  for (let i = 0; i < inputs; i++)
    if (isSameRow(knots, newKnots, i * count, count))
      fitted.set(coefficients.subarray(i * width, (i + 1) * width), i * width);
  return fitted;
}

function isSameRow(a: Float64Array, b: Float64Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (a[i] !== b[i]) return false;
  return true;
}
