import {crossEntropy, oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {type Scalar, type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {asRows} from "./classes.ts";
import {checkReduction, type LossOptions} from "./reduction.ts";

export interface CrossEntropyOptions extends LossOptions {
  /** Share of the target spread evenly over all classes, 0 by default (Szegedy et al. 2016). */
  labelSmoothing?: number;
  /** A weight for every class, none by default. */
  classWeights?: readonly number[] | Float32Array;
}

/**
 * Softmax cross-entropy in nats, -sum_c target_c log softmax(logits)_c. `logits` is [..., classes]; `labels` are class
 * numbers, int32 [...], or target distributions, float32 [..., classes]. With class weights w the loss of an example is
 * -sum_c w_c target_c log softmax(logits)_c, and the mean over class numbers divides by the sum of the labels' weights, as
 * in PyTorch. A class number that the logits do not have gives NaN, on every backend. The gradient is that of the logits.
 * Throws ShapeError where labels do not fit the logits.
 *
 * @example
 * import {softmaxCrossEntropy, tf} from "petri/core";
 *
 * // Three classes and no idea: log 3 nats.
 * const logits = tf.zeros([2, 3]);
 * display(softmaxCrossEntropy(logits, tf.tensor1d([0, 2], "int32")).arraySync());
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {}
): Scalar {
  const {labelSmoothing = 0, classWeights, reduction = "mean"} = options;
  checkNumber("labelSmoothing", labelSmoothing, 0, 1);
  checkReduction(reduction);
  return tidy(() => {
    const {x, y, shape} = asRows(logits, labels);
    const loss = classWeights
      ? weighted(x, y, {labelSmoothing, classWeights, reduction})
      : crossEntropy(x, y, labelSmoothing, reduction);
    return (reduction === "none" ? tf.reshape(loss, shape) : loss) as Scalar;
  });
}

/** The weights go into the targets, which then need not sum to 1. */
function weighted(x: Tensor, y: Tensor, options: Required<CrossEntropyOptions>): Tensor {
  const {labelSmoothing, classWeights, reduction} = options;
  const classes = x.shape[1] as number;
  if (classWeights.length !== classes) {
    throw new ArgumentError(`Expected ${classes} class weights, one a class, got ${classWeights.length}.`);
  }
  for (const [c, weight] of classWeights.entries()) checkNumber(`The weight of class ${c}`, weight, 0);
  const weights = tf.tensor1d(Float32Array.from(classWeights));
  const hard = y.rank === 1;
  const plain = hard ? oneHot(y, classes) : y;
  const smooth = tf.add(tf.mul(plain, 1 - labelSmoothing), labelSmoothing / classes);
  const targets = tf.mul(smooth, weights);
  if (reduction !== "mean" || !hard) return crossEntropy(x, targets, 0, reduction);
  return tf.div(crossEntropy(x, targets, 0, "sum"), tf.sum(tf.mul(plain, weights)));
}
