import {logSumExp} from "../../core/softmax.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {expectMatrix} from "../options.ts";

/**
 * The mean over tokens of (log sum_e exp(logit_e))^2 (Zoph et al. 2022): keeps logits small, where rounding does less harm.
 * [tokens, experts] -> a scalar.
 *
 * @example
 * import {zLoss} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * display(zLoss(tf.tensor2d([[1, 2], [30, 40]])).arraySync());
 */
export function zLoss(logits: Tensor): Tensor {
  expectMatrix("zLoss", "logits [tokens, experts]", logits);
  return tidy(() => tf.mean(tf.square(logSumExp(logits))));
}
