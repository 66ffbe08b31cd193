import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {placeRows, takeRows, topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {choiceCounts} from "../capacity.ts";
import type {Known} from "../options.ts";
import type {Choices, LinearRouterParams, Router, RouterShape} from "../routing.ts";
import {
  CHOOSING,
  type ChoosingRouterOptions,
  checkChoices,
  checkLogits,
  checkRouter,
  linearLogits,
  productFlops,
  routerInit
} from "./logits.ts";

export interface SigmoidRouterOptions extends ChoosingRouterOptions {
  /** What is added to the bias of an expert with fewer tokens than the mean after each step, and taken from one with more; 0.001 by default. */
  biasStep?: number;
  /** Divides the weights by their sum; true by default. */
  normalise?: boolean;
  /** Multiplies the weights; 1 by default. */
  scale?: number;
  /** Experts lie in `count` groups of equal size; a token's come from its `active` best groups, by the sum of the two best of each. */
  groups?: {count: number; active: number};
}

const OPTIONS: Known<SigmoidRouterOptions> = {
  biasStep: true,
  normalise: true,
  scale: true,
  groups: true,
  ...CHOOSING
};

/** What the router adds to the scores for the choice alone, [experts]. */
export type SigmoidRouterState = {bias: Tensor};

/**
 * The k experts of largest sigmoid(x W) + bias, weighted by the sigmoids without it (DeepSeek-V3). The bias balances the load without a loss: it is
 * state, moved by +-biasStep after each training step towards experts with fewer tokens, and 0 where there is no state. Throws an
 * ArgumentError for groups that cannot be.
 *
 * @example
 * import {initState, key, random} from "petri/core";
 * import {sigmoidRouter} from "petri/moe";
 *
 * const router = sigmoidRouter({k: 2, biasStep: 0.1});
 * const shape = {features: 4, experts: 5};
 * const x = random.normal(key(1), [60, 4]);
 * router.route(router.init(key(0), shape), x, shape, {
 *   training: true,
 *   setState: (path, {bias}) => display({path, bias: bias.arraySync()})
 * });
 */
export function sigmoidRouter(options: SigmoidRouterOptions = {}): Router<LinearRouterParams> {
  checkRouter("sigmoidRouter", options, OPTIONS);
  const {k = 2, biasStep = 0.001, kernelInit = routerInit} = options;
  checkNumber("biasStep", biasStep, 0);
  checkNumber("scale", options.scale ?? 1);
  if (options.groups) checkOptions("groups", options.groups, {count: true, active: true});
  return {
    name: "sigmoidRouter",
    k,
    flops: productFlops,
    init(key, shape, path = "router") {
      checkSigmoid(options, k, shape, path);
      return {kernel: kernelInit(key, [shape.features, shape.experts])};
    },
    initState: ({experts}) => ({bias: tf.zeros([experts])}),
    route({kernel}, x, shape, context) {
      const path = context?.path ?? "router";
      checkSigmoid(options, k, shape, path);
      const {routing, moved} = tidy(() => {
        const state = context?.state?.[path] as SigmoidRouterState | undefined;
        const bias = state?.bias ?? tf.zeros([shape.experts]);
        const logits = linearLogits(kernel, x, options, context);
        checkLogits(logits, context);
        const chosen = sigmoidChoices(logits, bias, {...options, k});
        const isMoving = context?.training && context.setState;
        return {routing: chosen, moved: isMoving ? movedBias(bias, chosen, biasStep) : undefined};
      });
      if (moved) context?.setState?.(path, {bias: moved});
      return routing;
    }
  };
}

/** The choices of logits [tokens, experts] and a bias [experts]. */
export function sigmoidChoices(
  logits: Tensor,
  bias: Tensor,
  {k = 2, normalise = true, scale = 1, groups}: SigmoidRouterOptions
): Choices {
  return tidy(() => {
    const way = {k, weights: normalise ? "renormalisedSigmoid" : "sigmoid"} as const;
    const chosen = groups
      ? grouped(logits, tf.add(stopGradient(tf.sigmoid(logits)), bias), groups, way)
      : routeTopK(logits, {...way, bias: stopGradient(bias)});
    const scores = chosen.probabilities;
    return {
      kind: "choices",
      experts: logits.shape[1] as number,
      indices: chosen.indices,
      weights: scale === 1 ? chosen.weights : tf.mul(chosen.weights, scale),
      logits,
      probabilities: tf.div(scores, tf.add(tf.sum(scores, 1, true), 1e-20))
    };
  });
}

/** The best by scores of the best groups. */
function grouped(
  logits: Tensor,
  scores: Tensor,
  groups: {count: number; active: number},
  {k, weights}: {k: number; weights: "sigmoid" | "renormalisedSigmoid"}
) {
  const {indices} = topK(inBestGroups(stopGradient(scores), groups), k);
  const probabilities = tf.sigmoid(logits);
  const own = takeRows(probabilities, indices);
  const sum = tf.add(tf.sum(own, 1, true), 1e-20);
  return {indices, weights: weights === "sigmoid" ? own : tf.div(own, sum), probabilities};
}

/** Scores with those of all groups but the best put below every score that there is. */
function inBestGroups(scores: Tensor, {count, active}: {count: number; active: number}): Tensor {
  const [tokens, experts] = scores.shape as [number, number];
  const size = experts / count;
  const {values} = topK(tf.reshape(scores, [tokens * count, size]), Math.min(2, size));
  const sums = tf.reshape(tf.sum(values, 1), [tokens, count]);
  const {indices} = topK(sums, active);
  const isBest = tf.expandDims(placeRows(tf.ones(indices.shape), indices, count), 2);
  const below = tf.mul(tf.sub(isBest, 1), 1e30);
  const byGroup = tf.reshape(scores, [tokens, count, size]);
  return tf.reshape(tf.add(tf.mul(byGroup, isBest), below), [tokens, experts]);
}

/** The bias after a step: up where an expert had fewer tokens than the mean, down where more. */
function movedBias(bias: Tensor, routing: Choices, step: number): Tensor {
  const loads = choiceCounts(routing);
  return stopGradient(tf.add(bias, tf.mul(tf.sign(tf.sub(tf.mean(loads), loads)), step)));
}

function checkSigmoid({groups}: SigmoidRouterOptions, k: number, shape: RouterShape, path: string): void {
  checkChoices(k, shape, path);
  if (!groups) return;
  const {count, active} = groups;
  checkCount("groups.count", count);
  checkCount("groups.active", active);
  const size = shape.experts / count;
  if (Number.isInteger(size) && active <= count && k <= active * size) return;
  throw new ArgumentError(
    `${path}: k = ${k} of ${active} of ${count} groups cannot be had of ${shape.experts} experts. Pass a count that divides the experts, active from 1 to count, and k of at most active times the size of a group.`
  );
}
