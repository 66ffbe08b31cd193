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

const cell: RecurrentCell = {
  name: "gru",
  gates: 3,
  states: ["h"],
  elementwise: 10,
  step(input, [before], params) {
    const h = before as Tensor;
    const [inputReset, inputUpdate, inputNew] = tf.split(input, 3, 1) as [Tensor, Tensor, Tensor];
    const [stateReset, stateUpdate, stateNew] = tf.split(fromState(h, params), 3, 1) as [
      Tensor,
      Tensor,
      Tensor
    ];
    const reset = tf.sigmoid(tf.add(inputReset, stateReset));
    const update = tf.sigmoid(tf.add(inputUpdate, stateUpdate));
    const fresh = tf.tanh(tf.add(inputNew, tf.mul(reset, stateNew)));
    return [tf.add(fresh, tf.mul(update, tf.sub(h, fresh)))];
  }
};

/**
 * The gated recurrent unit (Cho et al. 2014) in PyTorch's form, gates in its order r, z, n: r = sigmoid(x W_r + b_r + h U_r + c_r), z
 * likewise, n = tanh(x W_n + b_n + r (h U_n + c_n)), h' = (1 - z) n + z h. [batch, time, in] -> [batch, time, units].
 *
 * @example
 * import {gru, key, random, tree} from "petri/core";
 *
 * const layer = gru({units: 16});
 * const params = layer.init(key(0), [20, 4]);
 * display(layer.apply(params, random.normal(key(1), [2, 20, 4])).shape);
 * display(tree.size(params));
 */
export function gru(options: RecurrentOptions): Layer<RecurrentParams> {
  return recurrent(cell, options);
}

/** One step of `gru`: x [batch, in], h [batch, units] -> the new h. */
export function gruCell(params: RecurrentParams, x: Tensor, h: Tensor): Tensor {
  return tidy(() => stepOnce(cell, params, x, [h])[0] as Tensor);
}
