// ROC curve, the area under it, and average precision: how well scores put positives above negatives.
import {asMatrix, checkClasses, checkSameLength, mean, type Rows, type Values} from "./values.ts";

/** The receiver operating characteristic: point i + 1 is for "score >= thresholds[i]", and point 0 is (0, 0). */
export interface RocCurve {
  /** The distinct scores, highest first. */
  thresholds: number[];
  falsePositiveRate: number[];
  truePositiveRate: number[];
}

/** Counts of both classes at or above each distinct score, highest first. */
interface Counted {
  thresholds: number[];
  truePositives: number[];
  falsePositives: number[];
  positives: number;
  negatives: number;
}

/** The ROC curve of scores for labels 0 and 1. Rates are NaN where a class has no example. */
export function rocCurve(scores: Values, labels: Values): RocCurve {
  const {thresholds, truePositives, falsePositives, positives, negatives} = count("rocCurve", scores, labels);
  return {
    thresholds,
    falsePositiveRate: [0, ...falsePositives].map((each) => each / negatives),
    truePositiveRate: [0, ...truePositives].map((each) => each / positives)
  };
}

/**
 * Area under the ROC curve of scores for labels 0 and 1: the probability that a positive example scores higher than a
 * negative one, ties counting one half (Mann & Whitney 1947). NaN where a class has no example or a score is not a number. @throws ArgumentError, ShapeError
 *
 * @example
 * import {auroc, averagePrecision, rocCurve} from "petri/metrics";
 *
 * const [scores, labels] = [[0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]];
 * display({area: auroc(scores, labels), precision: averagePrecision(scores, labels), ...rocCurve(scores, labels)});
 */
export function auroc(scores: Values, labels: Values): number {
  const {truePositives, falsePositives, positives, negatives} = count("auroc", scores, labels);
  let area = 0;
  for (let i = 0; i < truePositives.length; ++i) {
    const [before, now] = [truePositives[i - 1] ?? 0, truePositives[i] as number];
    area += ((before + now) / 2) * ((falsePositives[i] as number) - (falsePositives[i - 1] ?? 0));
  }
  return area / (positives * negatives);
}

/**
 * Average precision of scores for labels 0 and 1: the sum over thresholds of (recall - recall before) x precision, without
 * interpolation. NaN where there is no positive example or a score is not a number.
 */
export function averagePrecision(scores: Values, labels: Values): number {
  const {truePositives, falsePositives, positives} = count("averagePrecision", scores, labels);
  let sum = 0;
  for (let i = 0; i < truePositives.length; ++i) {
    const found = truePositives[i] as number;
    const gained = found - (truePositives[i - 1] ?? 0);
    sum += (gained * found) / (found + (falsePositives[i] as number));
  }
  return sum / positives;
}

/**
 * AUROC of every class against the rest, for rows of scores and class numbers, and its unweighted mean over the classes that
 * have both examples and others; NaN for the others.
 */
export function aurocOneVersusRest(scores: Rows, labels: Values): {perClass: number[]; macro: number} {
  const {values, columns} = asMatrix("aurocOneVersusRest", scores, labels.length);
  checkClasses("aurocOneVersusRest", labels, columns);
  const perClass = Array.from({length: columns}, (_, c) =>
    auroc(
      Float64Array.from(labels, (_label, r) => values[r * columns + c] as number),
      Int32Array.from(labels, (label) => (label === c ? 1 : 0))
    )
  );
  return {perClass, macro: mean(perClass.filter((area) => !Number.isNaN(area)))};
}

function count(name: string, scores: Values, labels: Values): Counted {
  checkSameLength(name, ["scores", scores], ["labels", labels]);
  checkClasses(name, labels, 2);
  const order = Int32Array.from(scores, (_, i) => i).sort(
    (i, j) => (scores[j] as number) - (scores[i] as number)
  );
  const result: Counted = {thresholds: [], truePositives: [], falsePositives: [], positives: 0, negatives: 0};
  for (const i of order) {
    const score = scores[i] as number;
    if (Number.isNaN(score))
      return {...result, thresholds: [NaN], truePositives: [NaN], falsePositives: [NaN]};
    if (labels[i] === 1) ++result.positives;
    else ++result.negatives;
    if (score !== result.thresholds.at(-1)) {
      result.thresholds.push(score);
      result.truePositives.push(0);
      result.falsePositives.push(0);
    }
    const last = result.thresholds.length - 1;
    result.truePositives[last] = result.positives;
    result.falsePositives[last] = result.negatives;
  }
  return result;
}
