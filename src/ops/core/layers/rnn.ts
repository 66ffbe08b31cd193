import {type Tensor, tf, tidy} from "../../tf.ts";
import {type ActivationName, activationOf} from "../activations.ts";
import type {Layer} from "../layer.ts";
import {
  fromState,
  type RecurrentCell,
  type RecurrentOptions,
  type RecurrentParams,
  recurrent,
  stepOnce
} from "./recurrent.ts";

export interface RnnOptions extends RecurrentOptions {
  /** tanh by default, as in PyTorch. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
}

const cellOf = (activation: RnnOptions["activation"] = "tanh"): RecurrentCell => {
  const nonlinearity = activationOf(activation);
  return {
    name: "rnn",
    gates: 1,
    states: ["h"],
    elementwise: 2,
    step: (input, [h], params) => [nonlinearity(tf.add(input, fromState(h as Tensor, params)))]
  };
};

/**
 * The simple recurrent layer (Elman 1990), as PyTorch's RNN: h' = tanh(x W + b + h U + c). [batch, time, in] -> [batch, time, units].
 *
 * @example
 * import {key, rnn, tf} from "petri/core";
 *
 * // What is left of one pulse: the hidden state of four units.
 * const layer = rnn({units: 4});
 * const params = layer.init(key(3), [20, 1]);
 * const pulse = tf.tensor3d(d3.range(20).map((t) => [[t === 0 ? 3 : 0]]).flat(2), [1, 20, 1]);
 * const states = layer.apply(params, pulse).squeeze([0]).arraySync();
 * const points = states.flatMap((units, t) => units.map((h, unit) => ({t, h, unit})));
 * display(Plot.line(points, {x: "t", y: "h", stroke: "unit", z: "unit"}).plot({height: 180, color: {type: "categorical"}}));
 */
export function rnn(options: RnnOptions): Layer<RecurrentParams> {
  return recurrent(cellOf(options.activation), options);
}

/** One step of `rnn`: x [batch, in], h [batch, units] -> the new h. */
export function rnnCell(
  params: RecurrentParams,
  x: Tensor,
  h: Tensor,
  activation?: RnnOptions["activation"]
): Tensor {
  return tidy(() => stepOnce(cellOf(activation), params, x, [h])[0] as Tensor);
}
