import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {offTape} from "../../../gpu/tape.ts";
import {checkNumber} from "../../core/errors.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router} from "../routing.ts";
import {orNone} from "../whole.ts";
import {CHOOSING, type ChoosingRouterOptions, checkChoices, checkRouter, linearRouter} from "./logits.ts";

export interface ThresholdRouterOptions extends ChoosingRouterOptions {
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
  checkRouter("thresholdRouter", options, {threshold: true, ...CHOOSING});
  const {k = 2, threshold = 0.2} = options;
  checkNumber("threshold", threshold, 1e-6, 1);
  return linearRouter({
    name: "thresholdRouter",
    k,
    options,
    check: (shape, path) => checkChoices(k, shape, path),
    choose(logits, context) {
      const size = [logits.shape[0] as number, k];
      const draws = context?.key ? uniform(context.key.fold(1), size) : tf.fill(size, MOST_DRAWN);
      return thresholdChoices(logits, draws, {k, threshold});
    }
  });
}

/** The largest float32 below 1. */
const MOST_DRAWN = 1 - 2 ** -24;

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
