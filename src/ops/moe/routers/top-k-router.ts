import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import type {Context} from "../../core/layer.ts";
import type {Tensor} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router} from "../routing.ts";
import {
  checkChoices,
  checkLogits,
  checkRouter,
  linearRouter,
  TOP_K,
  type TopKRouterOptions
} from "./logits.ts";

export type {TopKRouterOptions};

/**
 * The k experts of largest logit x W for each token, weighted by their softmax, after the choice or before it (Shazeer et al. 2017;
 * Jiang et al. 2024). Ties go to the expert of lower number.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {topKRouter} from "petri/moe";
 *
 * const router = topKRouter({k: 2});
 * const shape = {features: 4, experts: 5};
 * const {indices, weights} = router.route(router.init(key(0), shape), random.normal(key(1), [3, 4]), shape);
 * display({indices: indices.arraySync(), weights: weights.arraySync()});
 */
export function topKRouter(options: TopKRouterOptions = {}): Router<LinearRouterParams> {
  checkRouter("topKRouter", options, TOP_K);
  const {k = 2, weights = "renormalised"} = options;
  return linearRouter({
    name: "topKRouter",
    k,
    options,
    check: (shape, path) => checkChoices(k, shape, path),
    choose: (logits) => chosen(logits, {k, weights})
  });
}

/** The choices of largest logits, with what they were made of. */
export function topChoices(
  logits: Tensor,
  {k, weights}: {k: number; weights: "renormalised" | "softmax"},
  context?: Context
): Choices {
  checkLogits(logits, context);
  return chosen(logits, {k, weights});
}

const chosen = (logits: Tensor, options: {k: number; weights: "renormalised" | "softmax"}): Choices => ({
  kind: "choices",
  experts: logits.shape[1] as number,
  logits,
  ...routeTopK(logits, options)
});
