import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {takeRows} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, Router, RouterShape} from "../routing.ts";
import {checkLogits, checkRouter, linearLogits, routerInit, TOP_K, type TopKRouterOptions} from "./logits.ts";

export interface SwitchAndMixtureRouterOptions extends TopKRouterOptions {
  /** Groups of experts, of which a token gets one. */
  groups: number;
}

/** The product that chooses the group, [features, groups], and that of the experts, [features, experts]. */
export type SwitchAndMixtureRouterParams = {groupKernel: Tensor; kernel: Tensor};

/**
 * Two levels (Switch and Mixture, Jiang et al. 2021): the best group of experts by one softmax, then the k best experts within it by another. A
 * choice weighs the group's probability times the expert's within the group, which `weights` is about. `probabilities` are the products for all experts.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {switchAndMixtureRouter} from "petri/moe";
 *
 * const router = switchAndMixtureRouter({groups: 3, k: 2});
 * const shape = {features: 4, experts: 12};
 * const {indices} = router.route(router.init(key(0), shape), random.normal(key(1), [4, 4]), shape);
 * display(indices.arraySync());
 */
export function switchAndMixtureRouter(
  options: SwitchAndMixtureRouterOptions
): Router<SwitchAndMixtureRouterParams> {
  checkRouter("switchAndMixtureRouter", options, {groups: true, ...TOP_K});
  const {groups, k = 2, weights = "renormalised", kernelInit = routerInit} = options;
  checkCount("groups", groups);
  return {
    name: "switchAndMixtureRouter",
    k,
    flops: ({features, experts}) => 2 * features * (groups + experts),
    init(key, shape, path = "router") {
      checkLevels(groups, k, shape, path);
      return {
        groupKernel: kernelInit(key.fold(0), [shape.features, groups]),
        kernel: kernelInit(key.fold(1), [shape.features, shape.experts])
      };
    },
    route({groupKernel, kernel}, x, shape, context) {
      checkLevels(groups, k, shape, context?.path ?? "router");
      return tidy(() => {
        const groupLogits = linearLogits(groupKernel, x, options, context);
        const logits = linearLogits(kernel, x, options, context);
        for (const each of [groupLogits, logits]) checkLogits(each, context);
        return mixed(groupLogits, logits, {k, weights});
      });
    }
  };
}

function mixed(
  groupLogits: Tensor,
  logits: Tensor,
  within: {k: number; weights: "renormalised" | "softmax"}
): Choices {
  const [tokens, experts] = logits.shape as [number, number];
  const groups = groupLogits.shape[1] as number;
  const size = experts / groups;
  const group = routeTopK(groupLogits, {k: 1, weights: "softmax"});
  const first = tf.mul(group.indices, tf.scalar(size, "int32"));
  const columns = tf.add(first, tf.range(0, size, 1, "int32"));
  const inner = routeTopK(takeRows(logits, columns), within);
  const inGroups = tf.softmax(tf.reshape(logits, [tokens, groups, size]));
  const all = tf.mul(inGroups, tf.expandDims(group.probabilities, 2));
  return {
    kind: "choices",
    experts,
    indices: tf.add(inner.indices, first),
    weights: tf.mul(inner.weights, group.weights),
    logits,
    probabilities: tf.reshape(all, [tokens, experts])
  };
}

function checkLevels(groups: number, k: number, {experts}: RouterShape, path: string): void {
  const size = experts / groups;
  if (Number.isInteger(size) && k <= size) return;
  throw new ArgumentError(
    `${path}: ${experts} experts in ${groups} groups cannot give ${k} of one group. Pass groups that divide ${experts}, and k of at most their size.`
  );
}
