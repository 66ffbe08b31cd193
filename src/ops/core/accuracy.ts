import {type Scalar, type Tensor, tf, tidy} from "../tf.ts";
import {asRows} from "./losses/classes.ts";

/**
 * Share of the rows of `logits` [..., classes] whose largest entry is the label's; labels as for softmaxCrossEntropy. A row with
 * a logit that is not a number is wrong.
 *
 * @example
 * import {accuracy, tf} from "petri/core";
 *
 * const logits = tf.tensor2d([[2, 1], [0, 3], [1, 0]]);
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * display(await accuracy(logits, labels).data());
 */
export function accuracy(logits: Tensor, labels: Tensor): Scalar {
  return tidy(() => {
    const {x, y} = asRows(logits, labels);
    const targets = y.rank === 1 ? y : tf.argMax(y, 1);
    const isRight = tf.cast(tf.equal(tf.argMax(x, 1), targets), "float32");
    // tfjs's argMax takes such a row for one of class 0: a network gone wrong would still seem to know something.
    const isBroken = tf.max(tf.cast(tf.isNaN(x), "float32"), 1);
    return tf.mean(tf.mul(isRight, tf.sub(1, isBroken))) as Scalar;
  });
}
