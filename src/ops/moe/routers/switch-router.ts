import type {LinearRouterParams, Router} from "../routing.ts";
import {checkRouter, LINEAR, type LinearRouterOptions} from "./logits.ts";
import {topKRouter} from "./top-k-router.ts";

/**
 * One expert for each token, weighted by its probability among all (Switch Transformers, Fedus et al. 2021): topKRouter with k 1, weights
 * "softmax" and a jitter of 0.01. Its layer has a capacity and a balance loss.
 *
 * @example
 * import {key} from "petri/core";
 * import {mlpExpert, moe, switchRouter} from "petri/moe";
 *
 * const layer = moe({
 *   experts: 4,
 *   router: switchRouter(),
 *   expert: mlpExpert({hidden: 32}),
 *   capacity: {factor: 1.25, rule: "switch"},
 *   losses: {balance: 0.01}
 * });
 * display(layer.init(key(0), [8]).router.kernel.shape);
 */
export function switchRouter(options: LinearRouterOptions = {}): Router<LinearRouterParams> {
  checkRouter("switchRouter", options, LINEAR);
  return {...topKRouter({jitter: 0.01, ...options, k: 1, weights: "softmax"}), name: "switchRouter"};
}
