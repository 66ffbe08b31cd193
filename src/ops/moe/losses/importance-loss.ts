import {placeRows} from "../../../gpu/kernels/top-k.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {choicesOf, expectMatrix} from "../options.ts";
import type {Choices} from "../routing.ts";
import {checkSpread} from "./loss-options.ts";

export interface SpreadOptions {
  /** Divided by n - 1 ("unbiased", the default: Shazeer et al. 2017, Tutel) or by n ("biased": V-MoE). */
  variance?: "unbiased" | "biased";
}

/**
 * The squared coefficient of variation of numbers [experts], variance / mean^2: 0 where all are equal. A scalar.
 *
 * @example
 * import {squaredVariation} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * display(squaredVariation(tf.tensor1d([1, 2, 3])).arraySync());
 */
export function squaredVariation(values: Tensor, options: SpreadOptions = {}): Tensor {
  checkSpread(options);
  const {variance = "unbiased"} = options;
  return tidy(() => {
    const mean = tf.mean(values);
    const degrees = variance === "unbiased" ? Math.max(values.size - 1, 1) : values.size;
    const spread = tf.div(tf.sum(tf.square(tf.sub(values, mean))), degrees);
    return tf.div(spread, tf.add(tf.square(mean), 1e-10));
  });
}

/**
 * How unequal the sums over tokens of each expert's gate are, as squared variation. `gates` is [tokens, experts]: the probabilities of
 * all experts (Tutel, V-MoE), or those of the chosen and zeros (gatesOf: Shazeer et al. 2017).
 */
export function importanceLoss(gates: Tensor, options: SpreadOptions = {}): Tensor {
  expectMatrix("importanceLoss", "gates [tokens, experts]", gates);
  return tidy(() => squaredVariation(tf.sum(gates, 0), options));
}

/** The weights of the choices in a row for each token, zeros elsewhere: [tokens, experts]. Each expert at most once a token. */
export function gatesOf(routing: Choices): Tensor {
  const {indices, weights, experts} = choicesOf(routing, "gatesOf");
  return tidy(() => {
    const isKept = tf.greaterEqual(indices, tf.scalar(0, "int32"));
    // One column more takes what was dropped; several such of a token all put 0 there.
    const columns = tf.where(isKept, indices, tf.mul(tf.onesLike(indices), tf.scalar(experts, "int32")));
    const wide = placeRows(tf.mul(weights, tf.cast(isKept, "float32")), columns, experts + 1);
    return tf.slice(wide, [0, 0], [-1, experts]);
  });
}
