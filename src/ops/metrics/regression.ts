// R2, errors and correlation of predictions, an output at a time.
import {checkCount, ShapeError} from "../core/errors.ts";
import {asMatrix, checkSameLength, mean, type Rows, type Values} from "./values.ts";

/** A figure for predictions against targets, of one output. */
export type RegressionMetric = (predictions: Values, targets: Values) => number;

/**
 * The coefficient of determination, 1 - sum (t - p)^2 / sum (t - mean t)^2: 1 is perfect, 0 no better than the mean, and it
 * may be negative. Not finite where all targets are equal.
 *
 * @example
 * import {pearson, perOutput, r2, rootMeanSquaredError} from "petri/metrics";
 *
 * const [predictions, targets] = [[[1, 5], [2, 4], [3, 6]], [[1.1, 5], [1.9, 5], [3.2, 6]]];
 * display([r2, rootMeanSquaredError, pearson].map((metric) => perOutput(metric, predictions, targets, 2)));
 */
export function r2(predictions: Values, targets: Values): number {
  const middle = mean(targets);
  const squares = meanOf("r2", predictions, targets, (_p, t) => (t - middle) ** 2);
  const spread = varies(targets) ? squares : 0;
  return 1 - meanSquaredError(predictions, targets) / spread;
}

/** Mean of (prediction - target)^2. */
export function meanSquaredError(predictions: Values, targets: Values): number {
  return meanOf("meanSquaredError", predictions, targets, (p, t) => (p - t) ** 2);
}

/** Root of the mean squared error, in the unit of the targets. */
export function rootMeanSquaredError(predictions: Values, targets: Values): number {
  return Math.sqrt(meanOf("rootMeanSquaredError", predictions, targets, (p, t) => (p - t) ** 2));
}

/** Mean of |prediction - target|. */
export function meanAbsoluteError(predictions: Values, targets: Values): number {
  return meanOf("meanAbsoluteError", predictions, targets, (p, t) => Math.abs(p - t));
}

/** Pearson's correlation, -1 to 1; NaN where either does not vary. */
export function pearson(predictions: Values, targets: Values): number {
  const [a, b] = [mean(predictions), mean(targets)];
  const together = meanOf("pearson", predictions, targets, (p, t) => (p - a) * (t - b));
  const [own, other] = [
    meanOf("pearson", predictions, targets, (p) => (p - a) ** 2),
    meanOf("pearson", predictions, targets, (_p, t) => (t - b) ** 2)
  ];
  return varies(predictions) && varies(targets) ? together / Math.sqrt(own * other) : NaN;
}

/**
 * A metric for each of several outputs, in the columns of predictions and targets: `perOutput(r2, predictions, targets, 3)`.
 * Its uniform average is their mean.
 */
export function perOutput(
  metric: RegressionMetric,
  predictions: Rows,
  targets: Rows,
  outputs: number
): number[] {
  checkCount("outputs", outputs);
  const rows = typeof targets[0] === "number" ? targets.length / outputs : targets.length;
  if (!Number.isInteger(rows)) {
    throw new ShapeError(`perOutput: ${targets.length} targets do not make rows of ${outputs}.`);
  }
  const [p, t] = [asMatrix("predictions", predictions, rows), asMatrix("targets", targets, rows)];
  if (p.columns !== outputs || t.columns !== outputs) {
    throw new ShapeError(
      `perOutput: expected rows of ${outputs}, got predictions of ${p.columns} and targets of ${t.columns}.`
    );
  }
  return Array.from({length: outputs}, (_, c) => metric(column(p, c, rows), column(t, c, rows)));
}

/** False where all values are equal: their mean may differ from them by rounding, and the spread then is not quite 0. */
function varies(values: Values): boolean {
  return Array.prototype.some.call(values, (value) => value !== values[0]);
}

function column({values, columns}: {values: Values; columns: number}, c: number, rows: number): Float64Array {
  return Float64Array.from({length: rows}, (_, r) => values[r * columns + c] as number);
}

function meanOf(
  name: string,
  predictions: Values,
  targets: Values,
  term: (p: number, t: number) => number
): number {
  checkSameLength(name, ["predictions", predictions], ["targets", targets]);
  let sum = 0;
  for (let i = 0; i < targets.length; ++i) sum += term(predictions[i] as number, targets[i] as number);
  return sum / targets.length;
}
