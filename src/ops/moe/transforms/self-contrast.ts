import {topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import type {Context, Layer} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {type MoeLayer, moe} from "../moe.ts";
import type {Router} from "../routing.ts";
import {mapLayers, moePlaces} from "./layers.ts";

export interface SelfContrastOptions {
  /** How much the weak outputs count; 0 is the network as it is, 0.5 the default. */
  beta?: number;
  /** Classes less likely than this share of the likeliest one are out; 0.1 by default. */
  alpha?: number;
  /** Which expert the weak network uses alone, by its place among those of a token: 2 (the default) is the second best. */
  rank?: number;
  /** What layers with a state learned in training: `{state: training.state.modelState}`. */
  context?: Context;
}

/** What classes that are out get: nothing comes near it. */
const OUT = -1e9;

/**
 * Self-contrast (Shi et al. 2024): scores of the next token, or of classes, from two runs of one network with mixtures, once as it
 * is and once with a lower-ranked expert of each token alone: (1 + beta) log p_strong - beta log p_weak for classes that the
 * strong run finds at least alpha times as likely as its best, -1e9 for the others. x [batch, ...] -> [batch, ..., classes]; the largest is
 * the choice, the softmax is the distribution. Nothing is trained. The one expert is weighted as all those it stands for together. Throws
 * an ArgumentError where the network has no mixture or a router does not score all experts.
 *
 * @example
 * import {dense, key, random, sequential} from "petri/core";
 * import {mlpExpert, moe, selfContrast, topKRouter} from "petri/moe";
 *
 * const mixture = moe({experts: 4, router: topKRouter({k: 2}), expert: mlpExpert({hidden: 8})});
 * const model = sequential([mixture, dense({units: 3})]);
 * const params = model.init(key(0), [4]);
 * const x = random.normal(key(1), [2, 4]);
 * display(selfContrast(model, params, x, {beta: 0.5}).arraySync());
 */
export function selfContrast(
  model: Layer,
  params: Params,
  x: Tensor,
  options: SelfContrastOptions = {}
): Tensor {
  checkOptions("selfContrast", options, {beta: true, alpha: true, rank: true, context: true});
  const {beta = 0.5, alpha = 0.1, rank = 2, context} = options;
  checkNumber("beta", beta, 0);
  checkNumber("alpha", alpha, 0, 1);
  const weak = rankedModel(model, x.shape.slice(1), rank);
  return tidy(() => {
    const logs = (of: Layer) => logSoftmax(of.apply(params, x, {...context, training: false}));
    const strong = logs(model);
    const contrast = tf.sub(tf.mul(strong, 1 + beta), tf.mul(logs(weak), beta));
    const least = tf.add(tf.max(strong, -1, true), Math.log(Math.max(alpha, 1e-30)));
    return tf.where(tf.greaterEqual(strong, least), contrast, tf.fill(contrast.shape, OUT));
  });
}

function logSoftmax(logits: Tensor): Tensor {
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}

/** The network with mixtures that use one expert of each token alone: the one at this place, the best being 1. */
function rankedModel(model: Layer, inputShape: readonly number[], rank: number): Layer {
  checkCount("rank", rank);
  const places = new Map(moePlaces(model, inputShape).map(({path, layer}) => [path, layer]));
  return mapLayers(model, inputShape, ({path}) => {
    const layer = places.get(path);
    return layer && (ranked(layer, rank) as Layer);
  });
}

function ranked({options}: MoeLayer, rank: number): MoeLayer {
  if (rank > options.experts)
    throw new ArgumentError(
      `rank is ${rank}, but there are ${options.experts} experts. Pass 1 to ${options.experts}.`
    );
  const {capacity, ...rest} = options;
  return moe({...rest, router: rankRouter(options.router, rank)});
}

function rankRouter(router: Router, rank: number): Router {
  const {initState, flops} = router;
  return {
    name: router.name,
    k: 1,
    init: (key, shape, path) => router.init(key, shape, path),
    ...(initState && {initState}),
    ...(flops && {flops}),
    route: (params, x, shape, context) =>
      tidy(() => {
        const routing = router.route(params, x, shape, context);
        const scores = routing.logits ?? routing.probabilities;
        if (routing.kind === "slots" || scores?.shape[1] !== shape.experts)
          throw new ArgumentError(
            `${context?.path ?? "router"}: ${router.name} does not score all experts of a token: self-contrast needs topKRouter or another that does.`
          );
        const {indices} = topK(scores, rank);
        return {
          kind: "choices",
          experts: shape.experts,
          logits: scores,
          indices: tf.slice(indices, [0, rank - 1], [-1, 1]),
          weights: tf.sum(routing.weights, 1, true)
        };
      })
  };
}
