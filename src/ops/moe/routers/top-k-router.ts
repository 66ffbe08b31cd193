import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import type {Context} from "../../core/layer.ts";
import {type Tensor, tidy} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router} from "../routing.ts";
import {checkChoices, checkLogits, type LinearRouterOptions, linearLogits, routerInit} from "./logits.ts";

export interface TopKRouterOptions extends LinearRouterOptions {
  /** Experts for each token; 2 by default. */
  k?: number;
  /**
   * "renormalised" (the default): probabilities of the chosen divided by their sum, which is the softmax over the chosen alone
   * (Mixtral). "softmax": as the softmax over all experts has them (Switch, GShard).
   */
  weights?: "renormalised" | "softmax";
}

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
  const {k = 2, weights = "renormalised", kernelInit = routerInit} = options;
  return {
    name: "topKRouter",
    k,
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      return {kernel: kernelInit(key, [shape.features, shape.experts])};
    },
    route({kernel}, x, shape, context) {
      checkChoices(k, shape, context?.path ?? "router");
      return tidy(() => {
        const logits = linearLogits(kernel, x, options, context);
        return topChoices(logits, {k, weights}, context);
      });
    }
  };
}

/** The choices of largest logits, with what they were made of. */
export function topChoices(
  logits: Tensor,
  {k, weights}: {k: number; weights: "renormalised" | "softmax"},
  context?: Context
): Choices {
  checkLogits(logits, context);
  const chosen = routeTopK(logits, {k, weights});
  return {kind: "choices", experts: logits.shape[1] as number, logits, ...chosen};
}
