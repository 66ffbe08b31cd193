import {oneHot} from "../../../gpu/kernels/cross-entropy.ts";
import {offTape} from "../../../gpu/tape.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber, ShapeError} from "../errors.ts";
import {asRows} from "./classes.ts";
import {checkSameShape, type LossOptions, reduce} from "./reduction.ts";

/**
 * Hinge loss of scores against signs -1 and +1 of the same shape: max(0, margin - sign score), or with `squared` its square
 * (Cortes & Vapnik 1995); the mean is over all elements.
 *
 * @example
 * import {hingeLoss, tf} from "petri/core";
 *
 * const scores = tf.tensor1d([2, 0.5, -1]);
 * display(hingeLoss(scores, tf.ones([3]), {reduction: "none"}).arraySync());
 */
export function hingeLoss(
  scores: Tensor,
  signs: Tensor,
  options: LossOptions & {margin?: number; squared?: boolean} = {}
): Tensor {
  const {margin = 1, squared = false, reduction} = options;
  checkNumber("margin", margin, 0);
  checkSameShape("hingeLoss", ["the scores", scores], ["signs", signs]);
  return tidy(() => {
    const short = tf.relu(tf.sub(margin, tf.mul(signs, scores)));
    return reduce(squared ? tf.square(short) : short, reduction);
  });
}

export interface MultiClassHingeOptions extends LossOptions {
  /** "weston-watkins" counts every class that comes too near, "crammer-singer" the nearest alone. */
  kind?: "weston-watkins" | "crammer-singer";
  /** How far the label's logit has to be above the others, 1 by default. */
  margin?: number;
}

/**
 * Hinge loss for logits z [..., classes] and class numbers y, int32 [...]. "weston-watkins" (1999), the default:
 * sum over c != y of max(0, margin - z_y + z_c) / classes, as PyTorch's multi-margin loss. "crammer-singer" (2001):
 * max(0, margin + max over c != y of z_c - z_y). "none" gives one number an example, and "mean" is over examples. With a single class there is nothing to tell apart: 0.
 *
 * @example
 * import {multiClassHingeLoss, tf} from "petri/core";
 *
 * const logits = tf.tensor2d([[3, 1, 2.5]]);
 * const labels = tf.tensor1d([0], "int32");
 * display(["weston-watkins", "crammer-singer"].map((kind) => multiClassHingeLoss(logits, labels, {kind}).arraySync()));
 */
export function multiClassHingeLoss(
  logits: Tensor,
  labels: Tensor,
  options: MultiClassHingeOptions = {}
): Tensor {
  const {kind = "weston-watkins", margin = 1, reduction} = options;
  checkNumber("margin", margin, 0);
  const perExample = KINDS[kind];
  if (!perExample) {
    throw new ArgumentError(
      `kind must be "weston-watkins" or "crammer-singer", got ${JSON.stringify(kind)}.`
    );
  }
  return tidy(() => {
    const {x, y, shape} = asRows(logits, labels);
    if (y.rank !== 1) {
      throw new ShapeError(
        `multiClassHingeLoss: expected class numbers of shape [${shape.join(", ")}], got distributions [${labels.shape.join(", ")}].`
      );
    }
    const own = oneHot(y, x.shape[1] as number);
    return reduce(tf.reshape(perExample(x, own, margin), shape), reduction);
  });
}

type PerExample = (x: Tensor, own: Tensor, margin: number) => Tensor;

const KINDS: Record<NonNullable<MultiClassHingeOptions["kind"]>, PerExample> = {
  "weston-watkins": (x, own, margin) => {
    const label = tf.sum(tf.mul(x, own), 1, true);
    const short = tf.relu(tf.add(tf.sub(x, label), margin));
    return tf.div(tf.sum(tf.mul(short, tf.sub(1, own)), 1), x.shape[1] as number);
  },
  "crammer-singer": (x, own, margin) => {
    if (x.shape[1] === 1) return tf.zeros([x.shape[0] as number]);
    const rival = offTape(() => {
      const others = tf.where(tf.cast(own, "bool"), tf.fill(x.shape, -Infinity), x);
      return oneHot(tf.argMax(others, 1), x.shape[1] as number);
    });
    return tf.relu(tf.add(tf.sum(tf.mul(x, tf.sub(rival, own)), 1), margin));
  }
};
