import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Layer} from "../layer.ts";
import {
  fromState,
  type RecurrentCell,
  type RecurrentOptions,
  type RecurrentParams,
  recurrent,
  stepOnce
} from "./recurrent.ts";

/** What an LSTM carries from step to step, [batch, units] each: h is the output, c the memory. */
export type LstmState = {h: Tensor; c: Tensor};

const cell: RecurrentCell = {
  name: "lstm",
  gates: 4,
  states: ["h", "c"],
  elementwise: 13,
  step(input, [h, c], params) {
    const gates = tf.split(tf.add(input, fromState(h as Tensor, params)), 4, 1);
    const [open, forget, fresh, out] = gates as [Tensor, Tensor, Tensor, Tensor];
    const kept = tf.mul(tf.sigmoid(forget), c as Tensor);
    const memory = tf.add(kept, tf.mul(tf.sigmoid(open), tf.tanh(fresh)));
    return [tf.mul(tf.sigmoid(out), tf.tanh(memory)), memory];
  }
};

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000), gates in PyTorch's order i, f, g, o:
 * c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'), each gate being x W + b + h U + d.
 * [batch, time, in] -> [batch, time, units].
 *
 * @example
 * import {key, lstm, random, tree} from "petri/core";
 *
 * const layer = lstm({units: 16});
 * const params = layer.init(key(0), [20, 4]);
 * display(layer.apply(params, random.normal(key(1), [2, 20, 4])).shape);
 * display(tree.size(params));
 */
export function lstm(options: RecurrentOptions): Layer<RecurrentParams> {
  return recurrent(cell, options);
}

/** One step of `lstm`: x [batch, in] and the state before -> the new state. */
export function lstmCell(params: RecurrentParams, x: Tensor, {h, c}: LstmState): LstmState {
  return tidy(() => {
    const [newH, newC] = stepOnce(cell, params, x, [h, c]);
    return {h: newH as Tensor, c: newC as Tensor};
  });
}
