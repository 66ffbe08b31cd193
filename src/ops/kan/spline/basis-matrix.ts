// The matrix form of uniform B-splines: on every interval the order + 1 basis functions are the same polynomials of the
// place u in [0, 1) within it, powers of u times a matrix (MatrixKAN, arXiv 2502.07176).
import {checkCount} from "../../core/errors.ts";
import {intervalAt} from "./basis.ts";
import {intervalCount} from "./knots.ts";

/**
 * [order + 1, order + 1]: column m holds the polynomial of the m-th basis function on an interval of a uniform grid, row p
 * its factor of u^p. @throws ArgumentError for an order that is not a whole number of at least 0
 *
 * @example
 * import {basisMatrix} from "petri/kan";
 *
 * // Six times the matrix of uniform cubic splines is whole numbers.
 * display(basisMatrix(3).map((x) => 6 * x));
 */
export function basisMatrix(order: number): Float64Array {
  checkCount("order", order, 0);
  const size = order + 1;
  let columns: Float64Array[] = [Float64Array.of(1)];
  for (let degree = 1; degree <= order; degree++) columns = raised(columns, degree);
  const matrix = new Float64Array(size * size);
  columns.forEach((column, m) => {
    column.forEach((factor, p) => {
      matrix[p * size + m] = factor;
    });
  });
  return matrix;
}

/** From the polynomials of one degree less, by Cox and de Boor's recursion on knots that are whole numbers. */
function raised(lower: readonly Float64Array[], degree: number): Float64Array[] {
  return Array.from({length: degree + 1}, (_, m) => {
    const polynomial = new Float64Array(degree + 1);
    // Function m begins at knot m - degree: (u - begin) / degree of the one before it, (begin + degree + 1 - u) / degree of its own.
    const begin = m - degree;
    addTimes(polynomial, lower[m - 1], -begin / degree, 1 / degree);
    addTimes(polynomial, lower[m], (begin + degree + 1) / degree, -1 / degree);
    return polynomial;
  });
}

/** Adds polynomial times (constant + slope u). */
function addTimes(
  to: Float64Array,
  polynomial: Float64Array | undefined,
  constant: number,
  slope: number
): void {
  polynomial?.forEach((factor, p) => {
    to[p] = (to[p] as number) + constant * factor;
    to[p + 1] = (to[p + 1] as number) + slope * factor;
  });
}

/**
 * `splineBasis` by the matrix form, for knots of even width only: x [samples, inputs] gives [samples, inputs, intervals +
 * order]. The time does not grow with the grid, and with the order as a product of a row and a matrix does.
 */
export function matrixBasis(
  x: Float64Array,
  knots: Float64Array,
  inputs: number,
  order: number
): Float64Array {
  const count = knots.length / inputs;
  const width = intervalCount(count, order) + order;
  const matrix = basisMatrix(order);
  const all = new Float64Array(x.length * width);
  for (let s = 0; s < x.length; s++) {
    const from = (s % inputs) * count;
    const interval = intervalAt(x[s] as number, knots, from, count);
    if (interval < 0) continue;
    const low = knots[from + interval] as number;
    const u = ((x[s] as number) - low) / ((knots[from + interval + 1] as number) - low);
    for (let m = 0; m <= order; m++) {
      const basis = interval - order + m;
      if (basis >= 0 && basis < width) all[s * width + basis] = polynomialAt(u, matrix, order, m);
    }
  }
  return all;
}

function polynomialAt(u: number, matrix: Float64Array, order: number, column: number): number {
  let value = 0;
  for (let p = order; p >= 0; p--) value = value * u + (matrix[p * (order + 1) + column] as number);
  return value;
}
