import {offTape} from "../../../gpu/tape.ts";
import {checkNumber} from "../../core/errors.ts";
import {ones} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Router} from "../routing.ts";
import {orNone} from "../whole.ts";
import {
  checkLogits,
  checkRouter,
  LINEAR,
  type LinearRouterOptions,
  linearLogits,
  productFlops,
  routerInit
} from "./logits.ts";

export interface ReluNormRouterOptions extends LinearRouterOptions {
  /** Added to the mean square; 1e-6 by default. */
  epsilon?: number;
}

/** The router's product, [features, experts], and a factor for each expert, [experts]. */
export type ReluNormRouterParams = {kernel: Tensor; scale: Tensor};

/**
 * Gates are RMSNorm(ReLU(x W)) over the experts (BlockFFN, Song et al. 2025): as many experts as are above 0, without a k, and a gradient to all of
 * them. Choices of all experts, -1 where the gate is 0. `probabilities` are the gates before the norm over their sum; `logits` before the ReLU.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {reluNormRouter} from "petri/moe";
 *
 * const router = reluNormRouter();
 * const shape = {features: 4, experts: 5};
 * const {indices, weights} = router.route(router.init(key(0), shape), random.normal(key(1), [3, 4]), shape);
 * display({indices: indices.arraySync(), weights: weights.arraySync()});
 */
export function reluNormRouter(options: ReluNormRouterOptions = {}): Router<ReluNormRouterParams> {
  checkRouter("reluNormRouter", options, {epsilon: true, ...LINEAR});
  const {epsilon = 1e-6, kernelInit = routerInit} = options;
  checkNumber("epsilon", epsilon, 1e-30);
  return {
    name: "reluNormRouter",
    flops: productFlops,
    init: (key, {features, experts}) => ({
      kernel: kernelInit(key, [features, experts]),
      scale: ones(key, [experts])
    }),
    route({kernel, scale}, x, {experts}, context) {
      return tidy(() => {
        const logits = linearLogits(kernel, x, options, context);
        checkLogits(logits, context);
        const gates = tf.relu(logits);
        const size = tf.sqrt(tf.add(tf.mean(tf.square(gates), 1, true), epsilon));
        return {
          kind: "choices",
          experts,
          indices: offTape(() => onExperts(logits)),
          weights: tf.mul(tf.div(gates, size), scale),
          logits,
          probabilities: tf.div(gates, tf.add(tf.sum(gates, 1, true), 1e-5))
        };
      });
    }
  };
}

/** The number of each expert where its logit is above 0, -1 elsewhere. */
function onExperts(logits: Tensor): Tensor {
  const numbers = tf.add(tf.zeros(logits.shape, "int32"), tf.range(0, logits.shape[1] as number, 1, "int32"));
  return orNone(tf.greater(logits, 0), numbers);
}
