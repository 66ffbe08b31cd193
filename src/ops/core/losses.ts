import {crossEntropy} from "../../gpu/kernels/cross-entropy.ts";
import type {Reduction} from "../../gpu/kernels/softmax-cross-entropy.ts";
import {type Scalar, type Tensor, tf} from "../tf.ts";
import {checkNumber, ShapeError} from "./errors.ts";

export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes, 0 by default (Szegedy et al. 2016). */
  labelSmoothing?: number;
  reduction?: Reduction;
}

/**
 * Softmax cross-entropy in nats. `logits` is [batch, classes]; `labels` are class numbers, int32 [batch], or target
 * distributions, float32 [batch, classes].
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {}
): Scalar {
  const {labelSmoothing = 0, reduction = "mean"} = options;
  checkNumber("labelSmoothing", labelSmoothing, 0, 1);
  checkLabels(logits, labels);
  const targets = labels.rank === 1 ? tf.cast(labels, "int32") : labels;
  return crossEntropy(logits, targets, labelSmoothing, reduction) as Scalar;
}

/** Mean squared error over all elements, no factor 1/2. */
export function meanSquaredError(
  predictions: Tensor,
  targets: Tensor,
  options: {reduction?: Reduction} = {}
): Scalar {
  tf.util.assertShapesMatch(
    predictions.shape,
    targets.shape,
    "meanSquaredError: predictions and targets differ. "
  );
  return reduce(tf.squaredDifference(predictions, targets), options.reduction ?? "mean");
}

/** Share of the rows of `logits` [batch, classes] whose largest entry is the label's; labels as for softmaxCrossEntropy. */
export function accuracy(logits: Tensor, labels: Tensor): Scalar {
  checkLabels(logits, labels);
  const targets = labels.rank === 1 ? tf.cast(labels, "int32") : tf.argMax(labels, 1);
  return tf.tidy(() => tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), targets), "float32")));
}

function reduce(values: Tensor, reduction: Reduction): Scalar {
  if (reduction === "none") return values as Scalar;
  return reduction === "sum" ? tf.sum(values) : tf.mean(values);
}

function checkLabels(logits: Tensor, labels: Tensor): void {
  const [batch, classes] = logits.shape;
  if (logits.rank !== 2) {
    throw new ShapeError(`Expected logits of shape [batch, classes], got [${logits.shape.join(", ")}].`);
  }
  const matches =
    labels.shape[0] === batch && (labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === classes));
  if (!matches) {
    throw new ShapeError(
      `Expected labels of shape [${batch}] or [${batch}, ${classes}] for logits [${batch}, ${classes}], got [${labels.shape.join(", ")}].`
    );
  }
}
