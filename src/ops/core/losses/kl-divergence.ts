import {offTape} from "../../../gpu/tape.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {logSoftmax} from "../softmax.ts";
import {checkSameShape, type Reduction, reduce} from "./reduction.ts";

export interface KlDivergenceOptions {
  /** "mean" (the default) and "sum" are over examples, "none" gives one number an example, "elements" each term of its sum. */
  reduction?: Reduction | "elements";
  /** The targets are logits too, not probabilities. */
  targetLogits?: boolean;
}

/** Below the smallest float32 that is not subnormal. */
const TINY = 1e-37;

/**
 * Kullback-Leibler divergence of softmax(logits) from the targets, in nats: sum_c t_c (log t_c - log softmax(logits)_c) over
 * the last axis, with 0 log 0 = 0. `targets` are probabilities, or logits with `targetLogits: true` (distillation); the
 * gradient is of both. "none" gives one number an example, "elements" the terms of the sum, [..., n], and "mean" divides by
 * the number of examples.
 *
 * @example
 * import {klDivergence, tf} from "petri/core";
 *
 * const student = tf.tensor2d([[1, 0, 0]]);
 * const teacher = tf.tensor2d([[4, 0, 0]]);
 * display(klDivergence(student, teacher, {targetLogits: true}).arraySync());
 */
export function klDivergence(logits: Tensor, targets: Tensor, options: KlDivergenceOptions = {}): Tensor {
  const {targetLogits = false, reduction} = options;
  checkSameShape("klDivergence", ["the logits", logits], ["targets", targets]);
  return tidy(() => {
    const own = logSoftmax(logits);
    const wanted = targetLogits ? logSoftmax(targets) : safeLog(targets);
    const weights = targetLogits ? tf.exp(wanted) : targets;
    const terms = tf.mul(weights, tf.sub(wanted, own));
    return reduction === "elements" ? terms : reduce(tf.sum(terms, -1), reduction);
  });
}

/** log x, and 0 where x is 0 (with slope 0). */
function safeLog(x: Tensor): Tensor {
  const zero = offTape(() => tf.cast(tf.less(x, TINY), "float32"));
  return tf.log(tf.add(x, zero));
}
