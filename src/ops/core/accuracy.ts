import {hitRate} from "../../gpu/kernels/hit-rate.ts";
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
    return hitRate(x, y.rank === 1 ? y : tf.cast(tf.argMax(y, 1), "int32"));
  });
}
