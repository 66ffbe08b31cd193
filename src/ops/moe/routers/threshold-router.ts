import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {offTape} from "../../../gpu/tape.ts";
import {checkNumber} from "../../core/errors.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router} from "../routing.ts";
import {orNone} from "../whole.ts";
import {checkChoices, checkLogits, type LinearRouterOptions, linearLogits, routerInit} from "./logits.ts";

export interface ThresholdRouterOptions extends LinearRouterOptions {
  /** Experts for each token at most; 2 by default. */
  k?: number;
  /** A weight from which on later choices are always kept; 0.2 by default. */
  threshold?: number;
}

/**
 * The k best experts, of which later ones are kept with probability weight / threshold (GShard, Lepikhin et al. 2020; ST-MoE, Zoph et al. 2022):
 * an expert that hardly counts is not computed. Weights are softmaxes over the chosen; dropped ones are not made up for. Without a key in the
 * context those of at least the threshold are kept.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {thresholdRouter} from "petri/moe";
 *
 * const router = thresholdRouter({k: 2, threshold: 0.4});
 * const shape = {features: 4, experts: 5};
 * const x = random.normal(key(1), [4, 4]);
 * const {indices} = router.route(router.init(key(0), shape), x, shape, {key: key(2)});
 * display(indices.arraySync());
 */
export function thresholdRouter(options: ThresholdRouterOptions = {}): Router<LinearRouterParams> {
  const {k = 2, threshold = 0.2, kernelInit = routerInit} = options;
  checkNumber("threshold", threshold, 1e-6, 1);
  return {
    name: "thresholdRouter",
    k,
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      return {kernel: kernelInit(key, [shape.features, shape.experts])};
    },
    route({kernel}, x, shape, context) {
      checkChoices(k, shape, context?.path ?? "router");
      return tidy(() => {
        const logits = linearLogits(kernel, x, options, context);
        checkLogits(logits, context);
        const size = [logits.shape[0] as number, k];
        const draws = context?.key ? uniform(context.key.fold(1), size) : tf.fill(size, 1);
        return thresholdChoices(logits, draws, {k, threshold});
      });
    }
  };
}

/** The choices where draws, [tokens, k] from 0 to 1, are below weight / threshold, and all first ones. */
export function thresholdChoices(
  logits: Tensor,
  draws: Tensor,
  {k, threshold}: {k: number; threshold: number}
): Choices {
  return tidy(() => {
    const all = routeTopK(logits, {k, weights: "renormalised"});
    const isKept = offTape(() => keptDraws(all.weights, tf.mul(draws, threshold)));
    return {
      kind: "choices",
      experts: logits.shape[1] as number,
      indices: offTape(() => orNone(isKept, all.indices)),
      weights: tf.mul(all.weights, tf.cast(isKept, "float32")),
      logits,
      probabilities: all.probabilities
    };
  });
}

/** True for first choices, and where a draw is below the weight. */
function keptDraws(weights: Tensor, draws: Tensor): Tensor {
  const isFirst = tf.equal(tf.range(0, weights.shape[1] as number, 1, "int32"), tf.scalar(0, "int32"));
  return tf.logicalOr(tf.less(draws, weights), isFirst);
}
