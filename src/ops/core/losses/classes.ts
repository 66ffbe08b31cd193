import {type Tensor, tf} from "../../tf.ts";
import {ShapeError} from "../errors.ts";

/**
 * Logits [..., classes] as a matrix [rows, classes], with their labels as int32 [rows] or distributions [rows, classes].
 * `shape` is that of the rows, for what comes back one a row. Throws ShapeError where labels do not fit.
 */
export function asRows(logits: Tensor, labels: Tensor): {x: Tensor; y: Tensor; shape: number[]} {
  const shape = logits.shape.slice(0, -1);
  const classes = logits.shape.at(-1) ?? 0;
  if (logits.rank < 2) {
    throw new ShapeError(`Expected logits of shape [batch, classes], got [${logits.shape.join(", ")}].`);
  }
  const hard = labels.shape.join() === shape.join();
  if (!hard && labels.shape.join() !== logits.shape.join()) {
    throw new ShapeError(
      `Expected labels of shape [${shape.join(", ")}] or [${logits.shape.join(", ")}] for logits [${logits.shape.join(", ")}], got [${labels.shape.join(", ")}].`
    );
  }
  const x = logits.rank === 2 ? logits : tf.reshape(logits, [-1, classes]);
  if (hard) return {x, y: tf.cast(labels.rank === 1 ? labels : tf.reshape(labels, [-1]), "int32"), shape};
  return {x, y: labels.rank === 2 ? labels : tf.reshape(labels, [-1, classes]), shape};
}
