import {type Tensor, tf, tidy} from "../../tf.ts";
import {ShapeError} from "../errors.ts";
import {checkSameShape, type LossOptions, reduce} from "./reduction.ts";

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Weight of the positive class: one number, or one for every entry of the last axis. 1 by default. */
  positiveWeights?: number | readonly number[] | Float32Array;
}

/**
 * Binary cross-entropy from logits in nats, element by element: w t softplus(-z) + (1 - t) softplus(z) for the logit z, the
 * target t from 0 to 1 and the positive weight w. No logit is too large for it. The mean divides by the number of elements.
 *
 * @example
 * import {binaryCrossEntropy, tf} from "petri/core";
 *
 * const logits = tf.tensor1d([-2, 0, 2]);
 * const targets = tf.tensor1d([0, 1, 1]);
 * display(binaryCrossEntropy(logits, targets, {reduction: "none"}).arraySync());
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {}
): Tensor {
  const {positiveWeights = 1, reduction} = options;
  checkSameShape("binaryCrossEntropy", ["the logits", logits], ["targets", targets]);
  return tidy(() => {
    const positive = tf.mul(targets, weightsOf(positiveWeights, logits));
    const asPositive = tf.mul(positive, tf.softplus(tf.neg(logits)));
    const asNegative = tf.mul(tf.sub(1, targets), tf.softplus(logits));
    return reduce(tf.add(asPositive, asNegative), reduction);
  });
}

function weightsOf(weights: number | readonly number[] | Float32Array, logits: Tensor): Tensor | number {
  if (typeof weights === "number") return weights;
  if (weights.length !== logits.shape.at(-1)) {
    throw new ShapeError(
      `binaryCrossEntropy: expected a positive weight for each of the last axis of the logits [${logits.shape.join(", ")}], got ${weights.length}.`
    );
  }
  return tf.tensor1d(Float32Array.from(weights));
}
