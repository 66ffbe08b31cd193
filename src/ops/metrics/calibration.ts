// How far the confidence of probabilities lies from their accuracy, and proper scores of probabilities.
import {ArgumentError, checkCount} from "../core/errors.ts";
import {asMatrix, checkClasses, type Rows, type Values} from "./values.ts";

/** The examples whose confidence lies in (low, high]; with none, accuracy and confidence are 0. */
export interface CalibrationBin {
  low: number;
  high: number;
  count: number;
  accuracy: number;
  confidence: number;
}

/** How far confidence and accuracy lie apart. */
export interface Calibration {
  /** The expected calibration error: sum over bins of count / n |accuracy - confidence|. */
  expected: number;
  /** The maximum calibration error: the largest |accuracy - confidence| of a bin with examples. */
  maximum: number;
  /** What a reliability diagram shows. */
  bins: CalibrationBin[];
}

/**
 * Calibration of `probabilities`, a row an example, by bins of equal width (Guo et al. 2017): the confidence of an example is
 * its largest probability, and it is right where that is the label's. @throws ArgumentError, ShapeError
 *
 * @example
 * import {calibration} from "petri/metrics";
 *
 * const probabilities = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]];
 * const {expected, maximum, bins} = calibration(probabilities, [0, 1, 1, 0], {bins: 5});
 * display({expected, maximum, counts: bins.map(({count}) => count)});
 */
export function calibration(probabilities: Rows, labels: Values, options: {bins?: number} = {}): Calibration {
  const {bins: count = 15} = options;
  checkCount("bins", count);
  const {values, columns} = asProbabilities("calibration", probabilities, labels);
  const sums = Array.from({length: count}, () => ({count: 0, right: 0, confidence: 0}));
  for (let r = 0; r < labels.length; ++r) {
    let best = 0;
    for (let c = 1; c < columns; ++c) {
      if ((values[r * columns + c] as number) > (values[r * columns + best] as number)) best = c;
    }
    const confidence = values[r * columns + best] as number;
    const bin = sums[binOf(confidence, count)] as {count: number; right: number; confidence: number};
    ++bin.count;
    bin.confidence += confidence;
    if (best === labels[r]) ++bin.right;
  }
  const bins = sums.map((bin, i) => ({
    low: i / count,
    high: (i + 1) / count,
    count: bin.count,
    accuracy: bin.count === 0 ? 0 : bin.right / bin.count,
    confidence: bin.count === 0 ? 0 : bin.confidence / bin.count
  }));
  const gap = (bin: CalibrationBin) => Math.abs(bin.accuracy - bin.confidence);
  return {
    expected: bins.reduce((sum, bin) => sum + (bin.count / labels.length) * gap(bin), 0),
    maximum: bins.reduce((most, bin) => (bin.count === 0 ? most : Math.max(most, gap(bin))), 0),
    bins
  };
}

/** The bin (i / count, (i + 1) / count] that holds a confidence; 0 goes to the first. */
function binOf(confidence: number, count: number): number {
  let bin = Math.min(Math.max(Math.ceil(confidence * count) - 1, 0), count - 1);
  // Rounding may have put a confidence on an edge to the wrong side.
  while (bin > 0 && confidence <= bin / count) --bin;
  while (bin < count - 1 && confidence > (bin + 1) / count) ++bin;
  return bin;
}

/** The Brier score (1950): the sum over classes of (probability - 1 for the label)^2, mean over examples; 0 is perfect. */
export function brierScore(probabilities: Rows, labels: Values): number {
  return meanOver("brierScore", probabilities, labels, (row, label) => {
    let sum = 0;
    for (const [c, p] of row.entries()) sum += (p - (c === label ? 1 : 0)) ** 2;
    return sum;
  });
}

/** Negative log-likelihood in nats, -log of the label's probability, mean over examples; probabilities count as at least 1e-12. */
export function negativeLogLikelihood(probabilities: Rows, labels: Values): number {
  return meanOver("negativeLogLikelihood", probabilities, labels, (row, label) => {
    const p = row[label] as number;
    return -Math.log(Math.max(p, 1e-12));
  });
}

function meanOver(
  name: string,
  probabilities: Rows,
  labels: Values,
  score: (row: number[], label: number) => number
): number {
  const {values, columns} = asProbabilities(name, probabilities, labels);
  let sum = 0;
  for (let r = 0; r < labels.length; ++r) {
    const row = Array.from({length: columns}, (_, c) => values[r * columns + c] as number);
    sum += score(row, labels[r] as number);
  }
  return sum / labels.length;
}

function asProbabilities(
  name: string,
  probabilities: Rows,
  labels: Values
): {values: Values; columns: number} {
  const matrix = asMatrix(name, probabilities, labels.length);
  checkClasses(name, labels, matrix.columns);
  for (let i = 0; i < matrix.values.length; ++i) {
    const p = matrix.values[i] as number;
    // Softmax in float32 may end a little above 1.
    if (!(p >= 0 && p <= 1 + 1e-5)) {
      throw new ArgumentError(
        `${name}: expected probabilities from 0 to 1, got ${p}. Take the softmax of logits first.`
      );
    }
  }
  return matrix;
}
