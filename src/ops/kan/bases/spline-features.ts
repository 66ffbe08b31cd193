// All B-spline functions at once in ordinary operations, on any backend. Their gradient is made of the functions of one
// order less, by the same operations, so derivatives of every order are exact.
import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {basisMatrix} from "../spline/index.ts";
import {constant} from "./basis.ts";

/**
 * The functions by the recursion of Cox and de Boor: x [rows, inputs] and knots [inputs or 1, count] give
 * [rows, inputs, count - order - 1]. Where knots coincide, 0 / 0 is 0.
 */
export function recursiveFeatures(x: Tensor, knots: Knots, order: number): Tensor {
  return withSlopes(x, knots, order, (at, degree) => recursion(at, knots(), degree));
}

/** Knots, in the scope in which they are asked for: a gradient is computed when what its function made is gone. */
type Knots = () => Tensor;

/** Ends and intervals of a grid of even width. */
export interface EvenGrid {
  low: number;
  high: number;
  intervals: number;
}

/**
 * The functions on an even grid from the powers of the place within an interval, times a constant matrix (MatrixKAN):
 * x [rows, inputs] gives [rows, inputs, intervals + order].
 */
export function matrixFeatures(x: Tensor, grid: EvenGrid, order: number): Tensor {
  const width = (grid.high - grid.low) / grid.intervals;
  const count = grid.intervals + 2 * order + 1;
  const first = grid.low - order * width;
  const ends = Array.from({length: count}, (_, i) => first + i * width);
  const knots = () => constant(ends, [1, count]);
  return withSlopes(x, knots, order, (at, degree) => powersTimesMatrix(at, knots(), first, width, degree));
}

type Values = (x: Tensor, degree: number) => Tensor;

/** Gives functions of x their gradient: B'_(j, d) = d (B_(j, d-1) / (t_(j+d) - t_j) - B_(j+1, d-1) / (t_(j+d+1) - t_(j+1))). */
function withSlopes(x: Tensor, knots: Knots, degree: number, values: Values): Tensor {
  const gradient = (dy: Tensor, at: Tensor) =>
    tidy(() => {
      if (degree === 0) return tf.zerosLike(at);
      const lower = tf.mul(withSlopes(at, knots, degree - 1, values), inverseSpans(knots(), degree));
      const count = (lower.shape[2] as number) - 1;
      const slopes = tf.sub(part(lower, 0, count), part(lower, 1, count));
      return tf.mul(tf.sum(tf.mul(dy, slopes), 2), degree);
    });
  const compute = tf.customGrad((at, save) => {
    (save as (tensors: Tensor[]) => void)([at as Tensor]);
    return {
      value: tidy(() => values(at as Tensor, degree)),
      gradFunc: (dy, saved) => gradient(dy, (saved as Tensor[])[0] as Tensor)
    };
  });
  return compute(x);
}

/** [.., from ... from + count - 1] of the last of three axes. */
function part(x: Tensor, from: number, count: number): Tensor {
  return tf.slice(x, [0, 0, from], [-1, -1, count]);
}

/** 1 / (t_(j+d) - t_j), and 0 where knots coincide: [1, inputs or 1, count - d]. */
function inverseSpans(knots: Tensor, degree: number): Tensor {
  const [inputs = 1, count = 0] = knots.shape;
  const later = tf.slice(knots, [0, degree], [inputs, count - degree]);
  const spans = tf.sub(later, tf.slice(knots, [0, 0], [inputs, count - degree]));
  return tf.expandDims(tf.divNoNan(tf.onesLike(spans), spans), 0);
}

/** Which interval x lies in, as ones and zeros: [rows, inputs, count - 1]. */
function intervals(x: Tensor, knots: Tensor): Tensor {
  const count = knots.shape[1] as number;
  const isBefore = tf.step(tf.sub(tf.expandDims(knots, 0), tf.expandDims(x, 2)));
  return tf.sub(part(isBefore, 1, count - 1), part(isBefore, 0, count - 1));
}

function recursion(x: Tensor, knots: Tensor, order: number): Tensor {
  const count = knots.shape[1] as number;
  const beyond = tf.sub(tf.expandDims(x, 2), tf.expandDims(knots, 0));
  let functions = intervals(x, knots);
  for (let degree = 1; degree <= order; ++degree) {
    const shares = tf.mul(functions, inverseSpans(knots, degree));
    const left = count - 1 - degree;
    functions = tf.sub(
      tf.mul(part(beyond, 0, left), part(shares, 0, left)),
      tf.mul(part(beyond, degree + 1, left), part(shares, 1, left))
    );
  }
  return functions;
}

function powersTimesMatrix(x: Tensor, knots: Tensor, first: number, width: number, order: number): Tensor {
  const interval = intervals(x, knots);
  const left = (interval.shape[2] as number) - order;
  // The place within the interval that was found: its own floor could be the next one beside a knot.
  const index = tf.sum(tf.mul(interval, tf.range(0, interval.shape[2] as number)), 2);
  const within = tf.clipByValue(tf.sub(tf.div(tf.sub(x, first), width), index), 0, 1);
  const powers: Tensor[] = [tf.onesLike(within)];
  for (let n = 1; n <= order; ++n) powers.push(tf.mul(powers[n - 1] as Tensor, within));
  const rows = tf.reshape(tf.stack(powers, 2), [-1, order + 1]);
  const matrix = constant(basisMatrix(order), [order + 1, order + 1]);
  const local = tf.reshape(batchProduct(rows, matrix), [...x.shape, order + 1]);
  // Function j is piece m of its polynomials in interval j + m.
  const pieces = Array.from({length: order + 1}, (_, m) =>
    tf.mul(part(interval, m, left), part(local, order - m, 1))
  );
  return tf.addN(pieces);
}
