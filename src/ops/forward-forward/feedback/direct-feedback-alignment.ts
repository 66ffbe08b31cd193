import {matMul} from "../../../gpu/kernels/matmul.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Initializer, varianceScaling} from "../../core/initializers.ts";
import type {Layer, Shape} from "../../core/layer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkInitializer} from "../checks.ts";
import type {StackParams} from "../stack.ts";
import {backwardNetwork, checkFeedbackOptions, type FeedbackOptions} from "./backward-rule.ts";

/** What is made of an error before it is projected: [batch, outputs] of single examples, in the same shape. */
export type ErrorForm = (error: Tensor) => Tensor;

export interface DirectFeedbackOptions extends FeedbackOptions {
  /** Of the fixed projections, [a layer's outputs, the network's outputs]; variance 1 / outputs of the network by default. */
  feedbackInit?: Initializer;
  /** What hidden layers get to see of the error: all of it by default; ternaryError() or quantizedError() for less. */
  errorForm?: ErrorForm;
}

const sizeOf = (shape: Shape) => shape.reduce((size, dim) => size * dim, 1);

/**
 * Direct feedback alignment (Nøkland 2016): the error of the output goes to every hidden layer at once through a fixed random
 * matrix, delta_l = (e B_l^T) f'(a_l). With `errorForm` hidden layers see a coarser error, as a photonic co-processor projects it
 * (Launay et al. 2020); the output layer learns from the exact one. Throws an ArgumentError where `errorForm` is no function.
 *
 * @example
 * import {fit} from "petri/core";
 * import {digits} from "petri/datasets";
 * import {directFeedbackAlignment, ternaryError} from "petri/forward-forward";
 *
 * const data = await digits();
 * for (const errorForm of [undefined, ternaryError()]) {
 *   const model = directFeedbackAlignment({layers: [64, 64, 10], activation: "tanh", errorForm});
 *   const training = fit(model, data, {steps: 40, logEvery: 40});
 *   for await (const row of training) display(row);
 *   training.dispose();
 * }
 */
export function directFeedbackAlignment(options: DirectFeedbackOptions): Layer<StackParams> {
  checkFeedbackOptions("directFeedbackAlignment", options, {feedbackInit: true, errorForm: true});
  const {feedbackInit = varianceScaling({mode: "fanOut", distribution: "normal"}), errorForm} = options;
  if (errorForm !== undefined && typeof errorForm !== "function")
    throw new ArgumentError(`errorForm must be a function such as ternaryError(), got ${String(errorForm)}.`);
  const outputs = Array.isArray(options.layers) ? (options.layers.at(-1) as number) : 0;
  checkInitializer("feedbackInit", feedbackInit);
  return backwardNetwork(options, {
    name: "directFeedbackAlignment",
    fixed: ({inputShape}, key) => feedbackInit(key, [sizeOf(inputShape), outputs]),
    upstream: (index, {stack, state, passed, error}) =>
      tidy(() => {
        const batch = error.shape[0] as number;
        const seen = errorForm ? tf.div(errorForm(tf.mul(error, batch)), batch) : error;
        const projection = state[stack.names[index] as string] as Tensor;
        const sent = matMul(seen, projection, undefined, {transposeB: true});
        return tf.reshape(sent, (passed.inputs[index] as Tensor).shape);
      })
  });
}

/**
 * An error of three values for hidden layers: its sign where it is larger than the threshold (0.25 by default), otherwise 0. Keep
 * the threshold above 1 / classes: an untrained network is that far off for every class, and layers drift along what is sent of all.
 * Throws an ArgumentError for a threshold that is no number of at least 0.
 */
export function ternaryError(options: {threshold?: number} = {}): ErrorForm {
  checkOptions("ternaryError", options, {threshold: true});
  const {threshold = 0.25} = options;
  checkNumber("threshold", threshold, 0);
  return (error) =>
    tidy(() => tf.mul(tf.sign(error), tf.cast(tf.greater(tf.abs(error), threshold), "float32")));
}

/** Of the fraction of a 32-bit number, and its sign. */
const MOST_BITS = 25;

/**
 * An error rounded to so many bits (4 by default, at least 2), its sign included: 2^(bits-1) - 1 steps on each side of 0, the
 * largest being that of each example. Throws an ArgumentError for fewer bits, and for more than 25.
 */
export function quantizedError(options: {bits?: number} = {}): ErrorForm {
  checkOptions("quantizedError", options, {bits: true});
  const {bits = 4} = options;
  checkCount("bits", bits, 2);
  if (bits > MOST_BITS)
    throw new ArgumentError(`bits must be at most ${MOST_BITS}, as exact as numbers are here; got ${bits}.`);
  const steps = 2 ** (bits - 1) - 1;
  return (error) =>
    tidy(() => {
      const largest = tf.maximum(tf.max(tf.abs(error), -1, true), 1e-30);
      return tf.mul(tf.round(tf.mul(tf.div(error, largest), steps)), tf.div(largest, steps));
    });
}
