import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {softmax} from "../../core/softmax.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Choices, LinearRouterParams, Router, RouterShape} from "../routing.ts";
import {checkRouter, LINEAR, type LinearRouterOptions, linearRouter} from "./logits.ts";

export interface PrototypeRouterOptions extends LinearRouterOptions {
  /** Groups of experts, each of which gives a token one; 2 by default. */
  prototypes?: number;
}

/**
 * Expert prototyping (M6-T, Yang et al. 2021): experts lie in groups of equal size, each group has a softmax of its own and gives the token its
 * best expert, weighted by the probability within the group. As many choices as groups, without a search for the k largest.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {prototypeRouter} from "petri/moe";
 *
 * const router = prototypeRouter({prototypes: 2});
 * const shape = {features: 4, experts: 6};
 * const {indices} = router.route(router.init(key(0), shape), random.normal(key(1), [4, 4]), shape);
 * display(indices.arraySync());
 */
export function prototypeRouter(options: PrototypeRouterOptions = {}): Router<LinearRouterParams> {
  checkRouter("prototypeRouter", options, {prototypes: true, ...LINEAR});
  const {prototypes = 2} = options;
  checkCount("prototypes", prototypes);
  return linearRouter({
    name: "prototypeRouter",
    k: prototypes,
    options,
    check: (shape, path) => checkPrototypes(prototypes, shape, path),
    choose: (logits) => bestOfEach(logits, prototypes)
  });
}

function bestOfEach(logits: Tensor, prototypes: number): Choices {
  const [tokens, experts] = logits.shape as [number, number];
  const size = experts / prototypes;
  const grouped = tf.reshape(logits, [tokens * prototypes, size]);
  const best = routeTopK(grouped, {k: 1, weights: "softmax"});
  const first = tf.range(0, experts, size, "int32");
  return {
    kind: "choices",
    experts,
    indices: tf.add(tf.reshape(best.indices, [tokens, prototypes]), first),
    weights: tf.reshape(best.weights, [tokens, prototypes]),
    logits,
    probabilities: softmax(logits)
  };
}

function checkPrototypes(prototypes: number, {experts}: RouterShape, path: string): void {
  if (experts % prototypes === 0) return;
  throw new ArgumentError(
    `${path}: ${experts} experts cannot be split into ${prototypes} prototypes of equal size. Pass a number that divides ${experts}.`
  );
}
