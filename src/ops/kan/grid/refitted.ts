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
