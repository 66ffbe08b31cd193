// Recurrent layers whose errors go back in time by a fixed diagonal.
import {isRecording, offTape} from "../../../gpu/tape.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import type {Layer} from "../../core/layer.ts";
import {gru, gruCell} from "../../core/layers/gru.ts";
import type {RecurrentOptions, RecurrentParams} from "../../core/layers/recurrent.ts";
import {rnn, rnnCell} from "../../core/layers/rnn.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkFlag, checkInitializer} from "../checks.ts";

export interface StationaryFeedbackOptions extends RecurrentOptions {
  /** The recurrent layer whose forward pass it is: "gru" (the default) or "rnn" with tanh. */
  cell?: "gru" | "rnn";
  /**
   * What is left of an error one step earlier: a number from 0 to 1 for all units, or one each. 0 cuts errors off after a step;
   * by default exp(-1 / n), n going from 1 to 32 steps over the units in equal ratios.
   */
  feedback?: number | readonly number[];
}

const optionNames: Readonly<Record<keyof StationaryFeedbackOptions, true>> = {
  units: true,
  returnSequences: true,
  useBias: true,
  kernelInit: true,
  recurrentInit: true,
  biasInit: true,
  cell: true,
  feedback: true
};

/** Steps after which the longest of the default feedbacks is 1 / e. */
const LONGEST = 32;

/**
 * A recurrent layer trained with stationary state feedback (Caillon, Fagnou, Allauzen 2025): forward the gated recurrent unit or
 * the simple recurrent layer, with their parameters; back, the Jacobian of each step is replaced by a diagonal A that stays as
 * it is, delta_t = e_t + A delta_(t+1). That is summed over all steps in log2(time) parallel ones, and the gradients of all steps
 * are one product. The paper's numbers for A could not be checked. [batch, time, in] -> [batch, time, units] or, without `returnSequences`, [batch, units]. Throws an
 * ArgumentError for feedback outside of 0 to 1.
 *
 * @example
 * import {adam, dense, fit, sequential} from "petri/core";
 * import {stationaryFeedback} from "petri/forward-forward";
 *
 * // Was the first of eight numbers positive?
 * const rows = d3.range(256).map((i) => d3.range(8).map((t) => Math.sin(i * 12.9898 + t * 78.233)));
 * const data = {
 *   name: "first of eight",
 *   inputs: Float32Array.from(rows.flat()),
 *   inputShape: [8, 1],
 *   labels: Int32Array.from(rows, ([first]) => (first > 0 ? 1 : 0)),
 *   classes: 2
 * };
 * for (const feedback of [0, 0.9]) {
 *   const model = sequential([stationaryFeedback({units: 12, feedback, returnSequences: false}), dense({units: 2})]);
 *   const training = fit(model, data, {steps: 150, logEvery: 150, optimizer: adam({learningRate: 0.02})});
 *   for await (const {loss, accuracy} of training) display({feedback, loss, accuracy});
 *   training.dispose();
 * }
 */
export function stationaryFeedback(options: StationaryFeedbackOptions): Layer<RecurrentParams> {
  checkOptions("stationaryFeedback", options, optionNames);
  const {cell = "gru", feedback, ...shared} = options;
  if (cell !== "gru" && cell !== "rnn")
    throw new ArgumentError(`cell must be "gru" or "rnn", got ${String(cell)}.`);
  for (const name of ["kernelInit", "recurrentInit", "biasInit"] as const)
    checkInitializer(name, shared[name]);
  for (const name of ["useBias", "returnSequences"] as const) checkFlag(name, shared[name]);
  const [make, goOn] = cell === "gru" ? ([gru, gruCell] as const) : ([rnn, rnnCell] as const);
  const plain = make(shared);
  const sequence = make({...shared, returnSequences: true});
  const kept = feedbackOf(feedback, options.units);
  const name = "stationaryFeedback";
  return {
    ...plain,
    name,
    init: (key, inputShape, path = name) => plain.init(key, inputShape, path),
    apply(params, x, context) {
      const path = context?.path ?? name;
      if (!isRecording()) return plain.apply(params, x, {path});
      return tidy(() => {
        const [batch = 0, time = 0, inputs = 0] = x.shape;
        const {units} = options;
        const states = offTape(() => sequence.apply(params, x, {path}));
        // All steps at once, each from the state before it as a constant.
        const before = offTape(() =>
          tf.concat([tf.zeros([batch, 1, units]), tf.slice(states, [0, 0, 0], [batch, time - 1, units])], 1)
        );
        const rows = (at: Tensor, width: number) => tf.reshape(at, [batch * time, width]);
        const steps = goOn(params, rows(x, inputs), rows(before, units));
        const fed = fedBack(tf.reshape(steps, [batch, time, units]), kept);
        if (shared.returnSequences ?? true) return fed;
        return tf.reshape(tf.slice(fed, [0, time - 1, 0], [batch, 1, units]), [batch, units]);
      });
    }
  };
}

/**
 * The same numbers, [batch, time, units], whose gradients go back in time: delta_t = e_t + a delta_(t+1), with one a for each
 * unit. After k rounds a sum reaches 2^k steps.
 */
export function fedBack(states: Tensor, feedback: readonly number[]): Tensor {
  const through = tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy) => {
      const [batch = 0, time = 0, units = 0] = states.shape;
      let sum = dy as Tensor;
      for (let reach = 1; reach < time; reach *= 2) {
        const later = tf.slice(sum, [0, reach, 0], [batch, time - reach, units]);
        const share = tf.tensor1d(feedback.map((a) => a ** reach));
        sum = tf.add(
          sum,
          tf.pad(tf.mul(later, share), [
            [0, 0],
            [0, reach],
            [0, 0]
          ])
        );
      }
      return sum;
    }
  }));
  return through(states);
}

function feedbackOf(feedback: StationaryFeedbackOptions["feedback"], units: number): number[] {
  checkCount("units", units);
  if (feedback !== undefined && typeof feedback !== "number" && !Array.isArray(feedback))
    throw new ArgumentError(
      `feedback must be a number from 0 to 1, or one for each unit; got ${String(feedback)}.`
    );
  const numbers = Array.from({length: units}, (_, i) => {
    if (feedback === undefined) return Math.exp(-1 / LONGEST ** (units === 1 ? 0.5 : i / (units - 1)));
    return typeof feedback === "number" ? feedback : (feedback[i] as number);
  });
  if (Array.isArray(feedback) && feedback.length !== units)
    throw new ArgumentError(
      `feedback must be one number or ${units}, one for each unit; got ${feedback.length}.`
    );
  for (const number of numbers) checkNumber("feedback", number, 0, 1);
  return numbers;
}
