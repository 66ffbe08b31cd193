// Layers of splines in JavaScript: the oracle of the shaders, and what runs on the cpu.
import type {Values} from "../kernel.ts";
import {baseSlope, baseValue, fillWindow, type SplineAttrs, windowMemory} from "./spline-grid.ts";

/** How many numbers go in and out. */
export interface SplineSizes {
  rows: number;
  inputs: number;
  outputs: number;
}

/** Places of numbers in the tensors of a layer. */
const coefficientAt = (
  {outputs}: SplineSizes,
  {intervals, order}: SplineAttrs,
  input: number,
  base: number
) => (input * (intervals + order) + base) * outputs;

/** y [rows, outputs] from x [rows, inputs]. */
export function splineForward(
  {x, coefficients, baseWeights, knots}: Readonly<Record<string, Values>>,
  y: Values,
  sizes: SplineSizes,
  attrs: SplineAttrs
): void {
  const {rows, inputs, outputs} = sizes;
  const window = windowMemory(attrs.order);
  const sums = new Float64Array(outputs);
  const add = (from: Values, start: number, factor: number) => {
    for (let o = 0; o < outputs; ++o) sums[o] = (sums[o] as number) + factor * (from[start + o] as number);
  };
  for (let r = 0; r < rows; ++r) {
    sums.fill(0);
    for (let i = 0; i < inputs; ++i) {
      const value = (x as Values)[r * inputs + i] as number;
      fillWindow(window, value, i, knots, attrs);
      window.values.forEach((weight, t) => {
        if (weight !== 0)
          add(coefficients as Values, coefficientAt(sizes, attrs, i, window.first + t), weight);
      });
      if (baseWeights) add(baseWeights, i * outputs, baseValue(attrs.base, value));
    }
    y.set(sums, r * outputs);
  }
}

/** The gradient of x, [rows, inputs]. */
export function splineInputGrad(
  {dy, x, coefficients, baseWeights, knots}: Readonly<Record<string, Values>>,
  dx: Values,
  sizes: SplineSizes,
  attrs: SplineAttrs
): void {
  const {rows, inputs, outputs} = sizes;
  const window = windowMemory(attrs.order);
  const along = (r: number, from: Values, start: number) => {
    let sum = 0;
    for (let o = 0; o < outputs; ++o)
      sum += ((dy as Values)[r * outputs + o] as number) * (from[start + o] as number);
    return sum;
  };
  for (let r = 0; r < rows; ++r) {
    for (let i = 0; i < inputs; ++i) {
      const value = (x as Values)[r * inputs + i] as number;
      fillWindow(window, value, i, knots, attrs);
      let slope = baseWeights ? baseSlope(attrs.base, value) * along(r, baseWeights, i * outputs) : 0;
      window.slopes.forEach((weight, t) => {
        if (weight !== 0)
          slope +=
            weight * along(r, coefficients as Values, coefficientAt(sizes, attrs, i, window.first + t));
      });
      dx[r * inputs + i] = slope;
    }
  }
}

/** The gradients of the coefficients, [inputs, intervals + order, outputs], and of the weights of the base, [inputs, outputs]. */
export function splineWeightGrads(
  {dy, x, knots}: Readonly<Record<string, Values>>,
  [dCoefficients, dBase]: readonly Values[],
  sizes: SplineSizes,
  attrs: SplineAttrs
): void {
  const {rows, inputs, outputs} = sizes;
  const window = windowMemory(attrs.order);
  dCoefficients?.fill(0);
  dBase?.fill(0);
  const add = (to: Values, start: number, r: number, factor: number) => {
    for (let o = 0; o < outputs; ++o)
      to[start + o] = (to[start + o] as number) + factor * ((dy as Values)[r * outputs + o] as number);
  };
  for (let r = 0; r < rows; ++r) {
    for (let i = 0; i < inputs; ++i) {
      const value = (x as Values)[r * inputs + i] as number;
      fillWindow(window, value, i, knots, attrs);
      window.values.forEach((weight, t) => {
        if (weight !== 0)
          add(dCoefficients as Values, coefficientAt(sizes, attrs, i, window.first + t), r, weight);
      });
      if (dBase) add(dBase, i * outputs, r, baseValue(attrs.base, value));
    }
  }
}

/** All bases of all numbers, [rows, inputs (intervals + order)], and the function beside the splines, if there is one, [rows, inputs]. */
export function splineFeatures(
  {x, knots}: Readonly<Record<string, Values>>,
  [features, residuals]: readonly Values[],
  {rows, inputs}: SplineSizes,
  attrs: SplineAttrs
): void {
  const window = windowMemory(attrs.order);
  features?.fill(0);
  for (let number = 0; number < rows * inputs; ++number) {
    const value = (x as Values)[number] as number;
    fillWindow(window, value, number % inputs, knots, attrs);
    features?.set(window.values, number * (attrs.intervals + attrs.order) + window.first);
    if (residuals) residuals[number] = baseValue(attrs.base, value);
  }
}

/** The gradient of x, [rows, inputs], from those of its features. */
export function splineFeaturesGrad(
  {dFeatures, dResiduals, x, knots}: Readonly<Record<string, Values>>,
  dx: Values,
  {rows, inputs}: SplineSizes,
  attrs: SplineAttrs
): void {
  const window = windowMemory(attrs.order);
  for (let number = 0; number < rows * inputs; ++number) {
    const value = (x as Values)[number] as number;
    fillWindow(window, value, number % inputs, knots, attrs);
    const start = number * (attrs.intervals + attrs.order) + window.first;
    let slope = dResiduals ? (dResiduals[number] as number) * baseSlope(attrs.base, value) : 0;
    window.slopes.forEach((weight, t) => {
      slope += weight * ((dFeatures as Values)[start + t] as number);
    });
    dx[number] = slope;
  }
}
