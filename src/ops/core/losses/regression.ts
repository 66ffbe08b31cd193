// Losses for numbers: squared, absolute, and Huber's, which is the one near zero and the other far out.
import {offTape} from "../../../gpu/tape.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {checkSameShape, type LossOptions, reduce} from "./reduction.ts";

/**
 * Squared error (prediction - target)^2, without a factor 1/2; the mean is over all elements.
 *
 * @example
 * import {huberLoss, meanAbsoluteError, meanSquaredError, tf} from "petri/core";
 *
 * const errors = tf.linspace(-3, 3, 61);
 * const zeros = tf.zeros([61]);
 * const curves = Object.entries({meanSquaredError, meanAbsoluteError, huberLoss}).flatMap(([name, loss]) => {
 *   const values = loss(errors, zeros, {reduction: "none"}).arraySync();
 *   return errors.arraySync().map((error, i) => ({name, error, loss: values[i]}));
 * });
 * display(Plot.plot({height: 220, color: {legend: true}, marks: [Plot.line(curves, {x: "error", y: "loss", stroke: "name"})]}));
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const {reduction} = options;
  checkErrors("meanSquaredError", predictions, targets);
  return tidy(() => reduce(tf.squaredDifference(predictions, targets), reduction));
}

/** Absolute error |prediction - target|; the mean is over all elements. Its slope where both are equal is 0. */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const {reduction} = options;
  checkErrors("meanAbsoluteError", predictions, targets);
  return tidy(() => {
    const error = tf.sub(predictions, targets);
    // tfjs's absolute value has the slope -1 at zero.
    return reduce(
      tf.mul(
        error,
        offTape(() => tf.sign(error))
      ),
      reduction
    );
  });
}

/**
 * Huber's loss (1964), e^2 / 2 where the error is |e| <= delta, else delta (|e| - delta / 2); the mean is over all elements.
 */
export function huberLoss(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions & {delta?: number} = {}
): Tensor {
  const {delta = 1, reduction} = options;
  checkPositive("delta", delta);
  checkErrors("huberLoss", predictions, targets);
  return tidy(() => reduce(huber(tf.sub(predictions, targets), delta), reduction));
}

/** Huber's loss divided by its delta, here `beta`: |e| - beta / 2 far out, e^2 / (2 beta) near 0 (Girshick 2015 for beta 1). */
export function smoothL1Loss(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions & {beta?: number} = {}
): Tensor {
  const {beta = 1, reduction} = options;
  checkPositive("beta", beta);
  checkErrors("smoothL1Loss", predictions, targets);
  return tidy(() => reduce(tf.div(huber(tf.sub(predictions, targets), beta), beta), reduction));
}

/** c (e - c / 2) for c, the error clipped to [-delta, delta]: inside it is the error itself, outside a constant. */
function huber(error: Tensor, delta: number): Tensor {
  const [inside, limit] = offTape(() => [
    tf.cast(tf.lessEqual(tf.abs(error), delta), "float32"),
    tf.clipByValue(error, -delta, delta)
  ]) as [Tensor, Tensor];
  const clipped = tf.add(tf.mul(inside, error), tf.mul(tf.sub(1, inside), limit));
  return tf.mul(clipped, tf.sub(error, tf.mul(clipped, 0.5)));
}

function checkErrors(loss: string, predictions: Tensor, targets: Tensor): void {
  checkSameShape(loss, ["the predictions", predictions], ["targets", targets]);
}

function checkPositive(name: string, value: number): void {
  checkNumber(name, value, 0);
  if (value === 0) throw new ArgumentError(`${name} must be above 0, got 0.`);
}
