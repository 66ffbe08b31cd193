// Splines in float64: uniformKnots({inputs, intervals, order, range}) and extendKnots(interior, order) make knots;
// basisAt(x, knots, from, count, order, values, slopes?) -> first is for loops, without an allocation; splineBasis(x, knots,
// inputs, order) and splineBasisSlopes are whole matrices; leastSquares({matrix, rows, columns, targets}) -> {solution,
// rank} is the shortest solution; coefficientsFrom({x, y, knots, inputs, outputs, order}) -> [inputs, outputs, intervals +
// order] fits curves; splineCurves({x, knots, coefficients, inputs, outputs, order}) -> [samples, inputs, outputs] computes them.
export {basisAt, intervalAt, splineBasis, splineBasisSlopes} from "./basis.ts";
export {extendKnots, intervalCount, knotCount, type UniformGrid, uniformKnots} from "./knots.ts";
