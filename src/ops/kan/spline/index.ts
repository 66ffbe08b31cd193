// Splines in float64: knots, basis functions, least squares, and curves to coefficients and back.
export {basisAt, basisDerivativesAt, intervalAt, splineBasis, splineBasisSlopes} from "./basis.ts";
export {basisMatrix, matrixBasis} from "./basis-matrix.ts";
export {coefficientsFrom, type Edges, splineCurves} from "./coefficients.ts";
export {extendKnots, intervalCount, knotCount, type UniformGrid, uniformKnots} from "./knots.ts";
export {type Equations, type LeastSquares, leastSquares} from "./least-squares.ts";
