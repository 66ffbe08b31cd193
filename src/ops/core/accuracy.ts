import {type Scalar, type Tensor, tf, tidy} from "../tf.ts";
import {asRows} from "./losses/classes.ts";

/** Share of the rows of `logits` [..., classes] whose largest entry is the label's; labels as for softmaxCrossEntropy. */
export function accuracy(logits: Tensor, labels: Tensor): Scalar {
  return tidy(() => {
    const {x, y} = asRows(logits, labels);
    const targets = y.rank === 1 ? y : tf.argMax(y, 1);
    return tf.mean(tf.cast(tf.equal(tf.argMax(x, 1), targets), "float32")) as Scalar;
  });
}
