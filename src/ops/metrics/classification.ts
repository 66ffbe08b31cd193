// Accuracy, top-k accuracy, confusion matrix, precision, recall and F1.
import {checkCount, ShapeError} from "../core/errors.ts";
import {asMatrix, checkClasses, checkSameLength, mean, type Rows, type Values} from "./values.ts";

/**
 * The class with the highest score in every row, the first of equal ones; -1 where a score is not a number. `count` is the
 * number of rows.
 */
export function predictedClasses(scores: Rows, count: number): Int32Array {
  const {values, columns} = asMatrix("predictedClasses", scores, count);
  return Int32Array.from({length: count}, (_, r) => {
    let best = -1;
    for (let c = 0; c < columns; ++c) {
      const score = values[r * columns + c] as number;
      if (Number.isNaN(score)) return -1;
      if (best < 0 || score > (values[r * columns + best] as number)) best = c;
    }
    return best;
  });
}

/** Share of rows of `scores` (logits or probabilities) whose highest is the label's. */
export function accuracy(scores: Rows, labels: Values): number {
  return topKAccuracy(scores, labels, 1);
}

/**
 * Share of rows whose label is among the k highest scores. Of equal scores the lower class counts as the higher; a row with
 * a score that is not a number is wrong.
 */
export function topKAccuracy(scores: Rows, labels: Values, k: number): number {
  checkCount("k", k);
  const {values, columns} = asMatrix("topKAccuracy", scores, labels.length);
  checkClasses("topKAccuracy", labels, columns);
  let right = 0;
  for (let r = 0; r < labels.length; ++r) {
    const label = labels[r] as number;
    const own = values[r * columns + label] as number;
    let above = 0;
    for (let c = 0; c < columns; ++c) {
      const score = values[r * columns + c] as number;
      if (!(score < own || (score === own && c >= label))) above += Number.isNaN(score) ? Infinity : 1;
    }
    if (above < k && !Number.isNaN(own)) ++right;
  }
  return right / labels.length;
}

/** How often each label was taken for each class: `matrix[label][prediction]`. */
export function confusionMatrix(predictions: Values, labels: Values, classes: number): number[][] {
  checkSameLength("confusionMatrix", ["predictions", predictions], ["labels", labels]);
  checkClasses("confusionMatrix predictions", predictions, classes);
  checkClasses("confusionMatrix labels", labels, classes);
  const matrix = Array.from({length: classes}, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; ++i) {
    const row = matrix[labels[i] as number] as number[];
    row[predictions[i] as number] = (row[predictions[i] as number] as number) + 1;
  }
  return matrix;
}

/** Class by class, and on the whole. */
export interface PrecisionRecall {
  /** Share of right ones among those taken for the class; 0 where none was. */
  precision: number[];
  /** Share found of those of the class; 0 where there are none. */
  recall: number[];
  /** 2 precision recall / (precision + recall), the harmonic mean; 0 where both are 0. */
  f1: number[];
  /** Examples of the class. */
  support: number[];
  /** Means over the classes. */
  macroPrecision: number;
  macroRecall: number;
  macroF1: number;
  /** The mean weighted by support. */
  weightedF1: number;
}

/**
 * Precision, recall and F1 of a confusion matrix, `matrix[label][prediction]`. @throws ShapeError
 *
 * @example
 * import {confusionMatrix, precisionRecall, predictedClasses} from "petri/metrics";
 *
 * const scores = [[2, 1, 0], [0, 3, 1], [1, 0, 2], [2, 0, 1]];
 * const matrix = confusionMatrix(predictedClasses(scores, 4), [0, 1, 2, 2], 3);
 * display({matrix, ...precisionRecall(matrix)});
 */
export function precisionRecall(matrix: readonly Values[]): PrecisionRecall {
  const {values, columns} = asMatrix("precisionRecall", matrix, matrix.length);
  if (columns !== matrix.length) {
    throw new ShapeError(
      `precisionRecall: expected a square matrix, got ${matrix.length} rows of ${columns} numbers.`
    );
  }
  const at = (label: number, prediction: number) => values[label * columns + prediction] as number;
  const classes = Array.from({length: columns}, (_, c) => c);
  const total = (count: (other: number) => number) => classes.reduce((sum, other) => sum + count(other), 0);
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  const support = classes.map((c) => total((other) => at(c, other)));
  const precision = classes.map((c) =>
    share(
      at(c, c),
      total((other) => at(other, c))
    )
  );
  const recall = classes.map((c) => share(at(c, c), support[c] as number));
  const f1 = classes.map((c) => {
    const [p, r] = [precision[c], recall[c]] as [number, number];
    return share(2 * p * r, p + r);
  });
  const weighted = total((c) => (f1[c] as number) * (support[c] as number));
  return {
    precision,
    recall,
    f1,
    support,
    macroPrecision: mean(precision),
    macroRecall: mean(recall),
    macroF1: mean(f1),
    weightedF1: share(
      weighted,
      total((c) => support[c] as number)
    )
  };
}
