import {splineDense} from "../../../gpu/kernels/spline-dense.ts";
import {MOST_ORDER} from "../../../gpu/kernels/spline-grid.ts";
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkOptionNames} from "../option-names.ts";
import {coefficientsFrom, knotCount, uniformKnots} from "../spline/index.ts";
import {type Basis, checkRange, constant, type DenseEdges} from "./basis.ts";
import {matrixFeatures, recursiveFeatures} from "./spline-features.ts";

/** How the functions are computed. */
export type SplineForm = "fused" | "matrix" | "recursive";

export interface BSplineOptions {
  /** Intervals of the grid, 3 by default, as in pykan. */
  grid?: number;
  /** Degree of the polynomials, 3 by default. */
  order?: number;
  /** Ends of the grid, [-1, 1] by default. Beyond it by `order` intervals the spline is zero. */
  range?: readonly [number, number];
  /** Each input has knots of its own, which lie in the layer's state and follow the data in `updateGrids`. */
  adaptive?: boolean;
  /** Size of the random curves at the start, 0.3 by default; they are fitted by coefficients as small as possible. */
  noise?: number;
  /**
   * "fused" (the default) computes the edges of a dense layer in one pass, which needs no memory for the functions. "matrix" (MatrixKAN) and "recursive"
   * (Cox and de Boor) are composed of ordinary operations, as all bases where the layer is no dense one; "matrix" needs an even grid.
   */
  form?: SplineForm;
}

const OPTIONS: Readonly<Record<keyof BSplineOptions, true>> = {
  grid: true,
  order: true,
  range: true,
  adaptive: true,
  noise: true,
  form: true
};

/** The B-spline basis, which knows its grid. */
export interface BSpline extends Basis {
  readonly options: Required<BSplineOptions>;
  /** The knots of an even grid with `order` more beyond each end, [grid + 2 order + 1]. */
  readonly knots: Float64Array;
}

/** What an adaptive grid keeps: knots, [inputs, grid + 2 order + 1]. */
export type KnotState = {knots: Tensor};

/**
 * B-splines, grid + order of them (KAN, Liu et al. 2024): polynomials of degree `order` on each of `grid` intervals, joined
 * smoothly. Intervals are half open, as in pykan.
 *
 * `form: "matrix"` is MatrixKAN (Coffman & Chen 2025): the powers of the place within an interval, times a constant matrix.
 *
 * @example
 * import {bspline} from "petri/kan";
 * import {tf} from "petri/core";
 *
 * const basis = bspline({grid: 4, order: 3});
 * const values = basis.features(tf.linspace(-1, 0.999, 161).reshape([161, 1]), {}).reshape([161, basis.size]).arraySync();
 * const curves = values.flatMap((row, i) => row.map((y, n) => ({x: -1 + i / 80, y, n})));
 * display(Plot.plot({height: 160, marks: [Plot.line(curves, {x: "x", y: "y", z: "n"})]}));
 */
export function bspline(options: BSplineOptions = {}): BSpline {
  checkOptionNames("bspline", options, OPTIONS);
  const {grid = 3, order = 3, range = [-1, 1], adaptive = false, noise = 0.3, form = "fused"} = options;
  checkCount("grid (the intervals of a spline, one less than its points)", grid);
  checkCount("order", order, 0);
  checkRange(range);
  checkNumber("noise", noise, 0);
  if (!["fused", "matrix", "recursive"].includes(form))
    throw new ArgumentError(`form must be "fused", "matrix" or "recursive", got ${JSON.stringify(form)}.`);
  if (form === "matrix" && adaptive)
    throw new ArgumentError(
      'The matrix form is for grids of even width: leave adaptive out, or use {form: "recursive"}.'
    );
  const size = grid + order;
  const knots = uniformKnots({intervals: grid, order, range});
  return {
    name: "bspline",
    size,
    isResidual: true,
    options: {grid, order, range, adaptive, noise, form},
    knots,
    ...(adaptive && {
      initState: (inputs: number) => ({knots: tf.tile(constant(knots, [1, knots.length]), [inputs, 1])})
    }),
    ...(form === "fused" &&
      order >= 1 &&
      order <= MOST_ORDER && {
        dense: ({own, ...edges}: DenseEdges) =>
          splineDense({
            ...edges,
            order,
            grid: knotsOf(own.state) ?? {low: range[0], high: range[1], intervals: grid}
          })
      }),
    features(x, {state}) {
      if (form === "matrix")
        return matrixFeatures(x, {low: range[0], high: range[1], intervals: grid}, order);
      const own = knotsOf(state);
      return recursiveFeatures(x, () => own ?? constant(knots, [1, knots.length]), order);
    },
    coefficients: (key, inputs, units) => noisyCurves(key, {grid, order, noise, knots}, inputs, units)
  };

  function knotsOf(state: unknown): Tensor | undefined {
    if (!adaptive) return undefined;
    const found = (state as KnotState | undefined)?.knots;
    if (!found)
      throw new ArgumentError(
        "An adaptive grid lies in the layer's state: use fit, or pass {state: initState(model, inputShape)} as the context."
      );
    return found;
  }
}

/** True for bases that `bspline` made. */
export function isBSpline(basis: Basis): basis is BSpline {
  return basis.name === "bspline";
}

interface Curves {
  grid: number;
  order: number;
  noise: number;
  knots: Float64Array;
}

/** Coefficients of random curves: noise (u - 1/2) / grid at the grid's points, the shortest coefficients that go through it. */
function noisyCurves(key: Key, {grid, order, noise, knots}: Curves, inputs: number, units: number): Tensor {
  const points = knots.slice(order, order + grid + 1);
  const curves = inputs * units;
  const y = Float64Array.from(key.uniform(points.length * curves), (u) => ((u - 0.5) * noise) / grid);
  const found = coefficientsFrom({x: points, y, knots, inputs: 1, outputs: curves, order});
  const size = knotCount(grid, order) - order - 1;
  return tidy(() => tf.transpose(constant(found, [inputs, units, size]), [0, 2, 1]));
}
