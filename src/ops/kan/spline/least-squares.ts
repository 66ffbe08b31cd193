// Least squares in float64 by a complete orthogonal decomposition: the matrix is turned into a triangle, and where its
// columns depend on one another that triangle's rows are turned into a square one. Golub and Van Loan, 5.5.
import {ArgumentError, ShapeError} from "../../core/errors.ts";
import {checkOptionNames} from "../option-names.ts";
import {reflect, type Triangle, triangle} from "./reflections.ts";

/** A system of equations with one or more right-hand sides. */
export interface Equations {
  /** [rows, columns], row by row. */
  readonly matrix: Float64Array;
  readonly rows: number;
  readonly columns: number;
  /** [rows, targets], row by row. */
  readonly targets: Float64Array;
  /** A column counts as dependent where this share of the longest one's length, or less, is left of it. Rounding's size. */
  readonly tolerance?: number;
}

const NAMES: Readonly<Record<keyof Equations, true>> = {
  matrix: true,
  rows: true,
  columns: true,
  targets: true,
  tolerance: true
};

/** What `leastSquares` finds. */
export interface LeastSquares {
  /** [columns, targets], row by row. */
  readonly solution: Float64Array;
  /** Columns that are independent of one another. */
  readonly rank: number;
}

/**
 * Minimises |matrix solution - targets|^2 for every target and takes the shortest solution among the minima, which is
 * the pseudo-inverse's: any number of rows and columns, of any rank. @throws ShapeError; ArgumentError for a number
 * that is not finite
 *
 * @example
 * import {leastSquares} from "petri/kan";
 *
 * // One equation in two unknowns, a + 2 b = 5: the shortest solution is (1, 2).
 * display(leastSquares({matrix: Float64Array.of(1, 2), rows: 1, columns: 2, targets: Float64Array.of(5)}));
 */
export function leastSquares(equations: Equations): LeastSquares {
  checkOptionNames("leastSquares", equations, NAMES);
  const {matrix, rows, columns, targets} = equations;
  const count = checkShapes(equations);
  const {tolerance = Number.EPSILON * Math.max(rows, columns)} = equations;
  const left = triangle(transposed(matrix, rows, columns), rows, columns, tolerance);
  const right = left.rank < columns ? turnRows(left, columns) : undefined;
  const solution = new Float64Array(columns * count);
  const target = new Float64Array(rows);
  for (let t = 0; t < count; t++) {
    for (let i = 0; i < rows; i++) target[i] = targets[i * count + t] as number;
    for (let k = 0; k < left.rank; k++) reflect(left, k, target, 0);
    const x = right ? shortest(right, target, columns) : substituted(left, target);
    for (let j = 0; j < columns; j++) solution[(left.order[j] as number) * count + t] = x[j] as number;
  }
  return {solution, rank: left.rank};
}

/** The triangle's rank rows of `columns`, as columns, turned into a square triangle. */
function turnRows({entries, diagonal, rows, rank}: Triangle, columns: number): Triangle {
  const turned = new Float64Array(rank * columns);
  for (let i = 0; i < rank; i++) {
    turned[i * columns + i] = diagonal[i] as number;
    for (let j = i + 1; j < columns; j++) turned[i * columns + j] = entries[j * rows + i] as number;
  }
  return triangle(turned, columns, rank, 0);
}

/** Solves upper triangle times x = target, from the last row up. */
function substituted({entries, diagonal, rows, rank}: Triangle, target: Float64Array): Float64Array {
  const x = new Float64Array(rank);
  for (let i = rank - 1; i >= 0; i--) {
    let rest = target[i] as number;
    for (let j = i + 1; j < rank; j++) rest -= (entries[j * rows + i] as number) * (x[j] as number);
    x[i] = rest / (diagonal[i] as number);
  }
  return x;
}

/** Solves transposed triangle times z = target from the first row down, and turns z back: nothing is longer than it must be. */
function shortest(right: Triangle, target: Float64Array, columns: number): Float64Array {
  const x = new Float64Array(columns);
  for (let i = 0; i < right.rank; i++) {
    let rest = target[right.order[i] as number] as number;
    for (let j = 0; j < i; j++) rest -= (right.entries[i * right.rows + j] as number) * (x[j] as number);
    x[i] = rest / (right.diagonal[i] as number);
  }
  for (let k = right.rank - 1; k >= 0; k--) reflect(right, k, x, 0);
  return x;
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = matrix[i * columns + j] as number;
  return turned;
}

/** Targets of every row. */
function checkShapes({matrix, rows, columns, targets}: Equations): number {
  if (rows < 1 || columns < 1 || matrix.length !== rows * columns || targets.length % rows !== 0)
    throw new ShapeError(
      `leastSquares needs a matrix [${rows}, ${columns}] and targets [${rows}, count], got ${matrix.length} and ${targets.length} numbers.`
    );
  checkFinite("matrix", matrix);
  checkFinite("targets", targets);
  return targets.length / rows;
}

/** Throws unless all of `numbers` are finite. */
export function checkFinite(name: string, numbers: Float64Array): void {
  const at = numbers.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new ArgumentError(
      `${name} must hold finite numbers only, got ${numbers[at]} at ${at}. Leave out or mend the samples it comes from.`
    );
}
