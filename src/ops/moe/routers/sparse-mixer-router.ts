import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {takeRows} from "../../../gpu/kernels/top-k.ts";
import {checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {gumbel, uniform} from "../../core/random.ts";
import {softmax} from "../../core/softmax.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router} from "../routing.ts";
import {type ChoosingRouterOptions, checkChoices, checkRouter, keyOf, linearRouter} from "./logits.ts";

export interface SparseMixerRouterOptions extends Omit<ChoosingRouterOptions, "jitter"> {
  /** How far from the largest logit an expert may be to come into question: within 2 r of it, relatively. 0.01 by default, as in GRIN. */
  range?: number;
}

/**
 * SparseMixer-v2 (GRIN, Liu et al. 2024): one expert after the other is drawn from the softmax of the logits near the largest, and the gradient of the
 * choice itself is estimated, instead of that of its weight alone. While training, a weight is the probability p of the expert drawn times 1
 * (where it is the most probable one, or in a quarter of the other cases) or 1/3 (the midpoint of Heun's third-order method), and its gradient
 * that of p: needs a key. Otherwise the best experts, with weight p.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {sparseMixerRouter} from "petri/moe";
 *
 * const router = sparseMixerRouter({k: 2, range: 1});
 * const shape = {features: 4, experts: 5};
 * const params = router.init(key(0), shape);
 * const {weights} = router.route(params, random.normal(key(1), [4, 4]), shape, {training: true, key: key(2)});
 * display(weights.arraySync());
 */
export function sparseMixerRouter(options: SparseMixerRouterOptions = {}): Router<LinearRouterParams> {
  checkRouter("sparseMixerRouter", options, {range: true, k: true, kernelInit: true});
  const {k = 2, range = 0.01} = options;
  checkNumber("range", range, 0);
  return linearRouter({
    name: "sparseMixerRouter",
    k,
    options,
    check: (shape, path) => checkChoices(k, shape, path),
    choose: (logits, context) =>
      sparseMixerChoices(logits, {k, range, key: context?.training ? keyOf(context, "experts") : undefined})
  });
}

/** Choices of logits [tokens, experts], drawn with a key and the best ones without. */
export function sparseMixerChoices(
  logits: Tensor,
  {k, range, key}: {k: number; range: number; key: Key | undefined}
): Choices {
  return tidy(() => {
    const experts = logits.shape[1] as number;
    const chosen: {index: Tensor; weight: Tensor}[] = [];
    let taken: Tensor | undefined;
    for (let i = 0; i < k; ++i) {
      const next = drawnExpert(logits, taken, range, key?.fold(i));
      chosen.push(next);
      const own = tf.cast(tf.equal(next.index, tf.range(0, experts, 1, "int32")), "float32");
      taken = taken ? tf.add(taken, own) : own;
    }
    return {
      kind: "choices",
      experts,
      indices: tf.concat(
        chosen.map(({index}) => index),
        1
      ),
      weights: tf.concat(
        chosen.map(({weight}) => weight),
        1
      ),
      logits,
      probabilities: softmax(logits)
    };
  });
}

/** Far below every logit, and still a number when others are added. */
const OUT = -1e30;

/** One expert of those not taken: its number and its weight, [tokens, 1] each. */
function drawnExpert(logits: Tensor, taken: Tensor | undefined, range: number, key: Key | undefined) {
  const left = taken ? without(logits, taken) : logits;
  const near = without(left, isFar(stopGradient(logits), stopGradient(left), range));
  const noisy = key ? tf.add(stopGradient(near), gumbel(key.fold(0), near.shape)) : stopGradient(near);
  const index = routeTopK(noisy, {k: 1, weights: "softmax"}).indices;
  const probabilities = softmax(near);
  const own = takeRows(probabilities, index);
  if (!key) return {index, weight: own};
  const best = tf.max(stopGradient(probabilities), 1, true);
  const isBest = tf.greaterEqual(stopGradient(own), best);
  const isWhole = tf.logicalOr(isBest, tf.greater(uniform(key.fold(1), best.shape), 0.75));
  // 1 or a third: the midpoint that Heun's method needs. The gradient stays that of the probability.
  const short = tf.mul(tf.sub(1, tf.cast(isWhole, "float32")), 2 / 3);
  return {index, weight: tf.sub(own, stopGradient(tf.mul(own, short)))};
}

/** Logits with OUT where `mask` is 1. */
function without(logits: Tensor, mask: Tensor): Tensor {
  return tf.add(tf.mul(logits, tf.sub(1, mask)), tf.mul(mask, OUT));
}

/** 1 where a logit is further from the largest of those left than 2 range, over the larger of the two magnitudes. */
function isFar(logits: Tensor, left: Tensor, range: number): Tensor {
  const largest = tf.max(left, 1, true);
  const scale = tf.maximum(tf.maximum(tf.abs(logits), largest), 1e-20);
  const distance = tf.div(tf.sub(largest, left), scale);
  return tf.cast(tf.greater(distance, 2 * range), "float32");
}
