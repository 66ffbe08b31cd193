// Products and penalised least squares of float64 matrices, row by row.
import {ArgumentError, checkCount, ShapeError} from "../../core/errors.ts";
import {checkFinite, checkGiven} from "../checks.ts";

/** A matrix, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** @throws ArgumentError for what is no matrix with rows and finite numbers; with `columns`, for one that has others. */
export function checkMatrix(name: string, given: Matrix, columns?: number): void {
  checkGiven(name, given, "a matrix {rows, columns, values}, row after row");
  const {rows, columns: own, values} = given;
  checkCount(`${name}.rows`, rows);
  checkCount(`${name}.columns`, own);
  if (values?.length !== rows * own)
    throw new ArgumentError(
      `${name} has ${rows} rows of ${own}, which are ${rows * own} numbers, got ${values?.length}.`
    );
  if (columns !== undefined && own !== columns)
    throw new ShapeError(`${name} must have ${columns} columns, as what it was made from; got ${own}.`);
  checkFinite(name, values);
}

/** A matrix whose numbers `of` gives. */
export function matrix(rows: number, columns: number, of?: (row: number, column: number) => number): Matrix {
  const values = new Float64Array(rows * columns);
  if (of) for (let i = 0; i < values.length; ++i) values[i] = of(Math.floor(i / columns), i % columns);
  return {rows, columns, values};
}

/** a b. */
export function product(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.rows, b.columns);
  for (let i = 0; i < a.rows; ++i)
    for (let k = 0; k < a.columns; ++k) addRow(out, i, a.values[i * a.columns + k] as number, b, k);
  return out;
}

/** a^T b. */
export function crossProduct(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.columns, b.columns);
  for (let n = 0; n < a.rows; ++n)
    for (let i = 0; i < a.columns; ++i) addRow(out, i, a.values[n * a.columns + i] as number, b, n);
  return out;
}

export function transposed(a: Matrix): Matrix {
  return matrix(a.columns, a.rows, (row, column) => a.values[column * a.columns + row] as number);
}

/** The same with a column of ones behind it. */
export function withOnes(a: Matrix): Matrix {
  return matrix(a.rows, a.columns + 1, (row, column) =>
    column === a.columns ? 1 : (a.values[row * a.columns + column] as number)
  );
}

/**
 * The solution x of (gram + diagonal I) x = right, gram being symmetric and not negative, by Cholesky's factors.
 * @throws ArgumentError where there are none: more has to be added to the diagonal
 */
export function solveSymmetric(gram: Matrix, diagonal: number, right: Matrix): Matrix {
  const n = gram.rows;
  const factor = Float64Array.from(gram.values);
  const at = (i: number, j: number) => factor[i * n + j] as number;
  for (let j = 0; j < n; ++j) {
    let pivot = at(j, j) + diagonal;
    for (let k = 0; k < j; ++k) pivot -= at(j, k) ** 2;
    if (!(pivot > 0))
      throw new ArgumentError(
        "The equations depend on one another: take a larger penalty, or fewer columns."
      );
    const root = Math.sqrt(pivot);
    factor[j * n + j] = root;
    for (let i = j + 1; i < n; ++i) {
      let sum = at(i, j);
      for (let k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
      factor[i * n + j] = sum / root;
    }
  }
  const out: Matrix = {rows: n, columns: right.columns, values: Float64Array.from(right.values)};
  for (let i = 0; i < n; ++i) {
    for (let k = 0; k < i; ++k) addRow(out, i, -at(i, k), out, k);
    scaleRow(out, i, 1 / at(i, i));
  }
  for (let i = n - 1; i >= 0; --i) {
    for (let k = i + 1; k < n; ++k) addRow(out, i, -at(k, i), out, k);
    scaleRow(out, i, 1 / at(i, i));
  }
  return out;
}

function addRow(to: Matrix, row: number, factor: number, from: Matrix, fromRow: number): void {
  if (factor === 0) return;
  const {columns, values} = to;
  const [start, source] = [row * columns, fromRow * columns];
  for (let c = 0; c < columns; ++c)
    values[start + c] = (values[start + c] as number) + factor * (from.values[source + c] as number);
}

function scaleRow({columns, values}: Matrix, row: number, factor: number): void {
  for (let c = row * columns; c < (row + 1) * columns; ++c) values[c] = (values[c] as number) * factor;
}
