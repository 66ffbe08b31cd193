import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {routeTopK} from "../../../gpu/kernels/route-top-k.ts";
import {takeTableRows} from "../../../gpu/kernels/rows.ts";
import {sortByExpert} from "../../../gpu/kernels/sort-by-expert.ts";
import {topK} from "../../../gpu/kernels/top-k.ts";
import {checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import type {Initializer} from "../../core/initializers.ts";
import {type Context, inScope, type Layer} from "../../core/layer.ts";
import {bernoulli} from "../../core/random.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {dispatch} from "../dispatch.ts";
import type {Expert} from "../experts/expert.ts";
import {checkWord, type Known} from "../options.ts";
import {checkChoices, keyOf, linearLogits, routerInit} from "../routers/logits.ts";
import type {Choices} from "../routing.ts";
import {spreadChoices, takeChosen} from "./chosen.ts";
import {addCompetitionLosses, type CompetitionLosses, checkCompetitionLosses} from "./competition-losses.ts";
import {everyExpert} from "./every-expert.ts";
import {checkExperts, outputsOf} from "./parts.ts";
import {asTokensOf, featuresOf, flatTokens, tokenCount} from "./tokens.ts";

export interface CompeteMoeOptions {
  experts: number;
  /** What each of them computes: mlpExpert({hidden: 64}), say. */
  expert: Expert;
  /** Experts for each token; 2 by default. */
  k?: number;
  /**
   * What experts compete by. "softplus" (the default; Nguyen et al. 2025): the mean softplus of an output, and winners weigh as much as their
   * share of their sum. "norm" (Pham et al. 2024): the length of an output, and winners weigh by the softmax of theirs.
   */
  response?: "softplus" | "norm";
  /**
   * What of the router is made like what of the responses: "softmax" or "sigmoid". The routing weights are these of the chosen over their
   * sum. "softmax" by default with "norm", "sigmoid" with "softplus" (the authors' code has "softmax" there too).
   */
  scores?: "softmax" | "sigmoid";
  /** How probable it is that a step of training is a competition; 0.1 by default. */
  rate?: number;
  /** Steps of training before the first competition, 0 by default. */
  warmUp?: number;
  losses?: CompetitionLosses;
  kernelInit?: Initializer;
}

const OPTIONS: Known<CompeteMoeOptions> = {
  experts: true,
  expert: true,
  k: true,
  response: true,
  scores: true,
  rate: true,
  warmUp: true,
  losses: true,
  kernelInit: true
};

/** The router's kernel, [features, experts], and the parameters of all experts. */
export type CompeteMoeParams = {router: {kernel: Tensor}; experts: Params};

/** `competeMoe` as a layer. Tensors belong to the caller. */
export interface CompeteMoeLayer extends Layer<CompeteMoeParams> {
  /** The experts that the router gives each token. */
  routing(params: CompeteMoeParams, x: Tensor, context?: Context): Choices;
  /** The experts that would win each token, their responses as logits. */
  competition(params: CompeteMoeParams, x: Tensor): Choices;
}

/**
 * A mixture whose router learns from a competition (CompeteSMoE, Pham et al. 2024; Nguyen et al. 2025). In a step of training that is a
 * competition, drawn anew for every step and layer, all experts compute every token, those that respond most win it, and the router is
 * trained to foretell them (see CompetitionLosses); in other steps, and in evaluation, it is the mixture of a top-k router.
 * [batch, ..., features] -> [batch, ..., outputs]. Whether a step competes is decided on the device, so that steps can be replayed.
 *
 * @example
 * import {fit, sequential, dense} from "petri/core";
 * import {gaussians} from "petri/datasets";
 * import {competeMoe, mlpExpert} from "petri/moe";
 *
 * const mixture = competeMoe({experts: 4, expert: mlpExpert({hidden: 16}), rate: 0.2});
 * const model = sequential([dense({units: 8}), mixture, dense({units: 3})]);
 * const training = fit(model, gaussians({n: 300, classes: 3}), {steps: 60, logEvery: 20});
 * for await (const row of training) display(row);
 * training.dispose();
 */
export function competeMoe(options: CompeteMoeOptions): CompeteMoeLayer {
  checkOptions("competeMoe", options, OPTIONS);
  const {
    experts,
    expert,
    k = 2,
    response = "softplus",
    rate = 0.1,
    warmUp = 0,
    kernelInit = routerInit
  } = options;
  const {scores = response === "norm" ? "softmax" : "sigmoid", losses = {}} = options;
  checkCompetition(options);
  const name = "competeMoe";
  const weights = scores === "softmax" ? "renormalised" : "renormalisedSigmoid";

  function route(
    {router}: CompeteMoeParams,
    tokens: Tensor,
    context: Context | undefined
  ): Choices & {logits: Tensor} {
    const logits = linearLogits(router.kernel, tokens, {}, context);
    return {kind: "choices", experts, logits, ...routeTopK(logits, {k, weights})};
  }

  /** 1 in a step that is a competition, else 0: [1]. */
  function raceIsOn(context: Context): Tensor {
    const drawn = bernoulli(keyOf(context, "whether experts compete"), rate, [1]);
    if (warmUp === 0) return drawn;
    const path = context.path ?? name;
    const {steps} = (context.state?.[path] ?? {steps: tf.zeros([1])}) as {steps: Tensor};
    context.setState?.(path, {steps: tf.add(steps, 1)});
    return tf.mul(drawn, tf.cast(tf.greaterEqual(steps, warmUp), "float32"));
  }

  function train(params: CompeteMoeParams, tokens: Tensor, context: Context): Tensor {
    const routed = route(params, tokens, context);
    const isOn = raceIsOn(context);
    const chosen = spreadChoices(routed.indices, routed.weights, experts);
    const asked = tf.maximum(chosen.isChosen, isOn);
    const outputs = outputsFor({expert, experts}, params.experts, tokens, asked);
    const responses = responsesOf(outputs, response);
    const {indices} = topK(stopGradient(responses), k);
    const won = spreadChoices(indices, tf.onesLike(indices), experts).isChosen;
    const race = {routed, isOn, outputs, responses, winners: indices, won, scores, response};
    addCompetitionLosses(race, losses, context);
    const winning = weighWinners(responses, won, response);
    const mixed = tf.add(chosen.weights, tf.mul(isOn, tf.sub(winning, chosen.weights)));
    return tf.reshape(batchProduct(tf.expandDims(mixed, 1), outputs), [tokens.shape[0] as number, -1]);
  }

  return {
    name,
    init(key, inputShape, path = name) {
      const features = featuresOf(inputShape, path);
      checkChoices(k, {features, experts}, path);
      return {
        router: {kernel: kernelInit(key.fold(0), [features, experts])},
        experts: expert.init(key.fold(1), {experts, features})
      };
    },
    ...(warmUp > 0 && {initState: () => ({steps: tf.zeros([1])})}),
    apply: (params, x, context) =>
      inScope(context, (inner) => {
        const tokens = flatTokens(x, inner?.path ?? name);
        const y = inner?.training
          ? train(params, tokens, inner)
          : dispatch(expert, params.experts, tokens, route(params, tokens, inner));
        return asTokensOf(x, y);
      }),
    routing: (params, x, context) => tidy(() => route(params, flatTokens(x, context?.path ?? name), context)),
    competition: (params, x) =>
      tidy(() => {
        const all = everyExpert({expert, experts}, params.experts, flatTokens(x, name));
        const logits = responsesOf(tf.transpose(all, [1, 0, 2]), response);
        const {indices} = topK(logits, k);
        const won = spreadChoices(indices, tf.onesLike(indices), experts).isChosen;
        const own = takeChosen(tf.expandDims(weighWinners(logits, won, response), 2), indices);
        return {kind: "choices", experts, logits, indices, weights: tf.squeeze(own, [2])};
      }),
    outputShape: (shape) => [...shape.slice(0, -1), outputsOf(expert, shape.at(-1) as number)],
    flops: (shape) => {
      const features = shape.at(-1) as number;
      return tokenCount(shape) * (2 * features * experts + k * (expert.flops?.(features) ?? 0));
    }
  };
}

function checkCompetition(options: CompeteMoeOptions): void {
  const {k = 2, response = "softplus", scores = "softmax", rate = 0.1, warmUp = 0, losses = {}} = options;
  checkExperts("competeMoe", options);
  checkChoices(k, {features: 0, experts: options.experts}, "competeMoe");
  checkNumber("rate", rate, 0, 1);
  checkCount("warmUp", warmUp, 0);
  checkCompetitionLosses(losses);
  checkWord("response", response, ["softplus", "norm"]);
  checkWord("scores", scores, ["softmax", "sigmoid"]);
}

/** How much each expert responds to a token: outputs [tokens, experts, features] -> [tokens, experts]. */
function responsesOf(outputs: Tensor, response: "softplus" | "norm"): Tensor {
  if (response === "softplus") return tf.mean(tf.softplus(outputs), 2);
  // The length of an output that is zero has no slope.
  return tf.sqrt(tf.add(tf.sum(tf.square(outputs), 2), 1e-12));
}

/** The weight of every expert, [tokens, experts]; 0 for those that did not win. */
function weighWinners(responses: Tensor, won: Tensor, response: "softplus" | "norm"): Tensor {
  if (response === "norm") return tf.softmax(tf.sub(responses, tf.mul(tf.sub(1, won), 1e9)));
  const own = tf.mul(responses, won);
  return tf.div(own, tf.sum(own, 1, true));
}

/** The outputs of the experts that are asked, [tokens, experts] of 1 and 0, and zeros: [tokens, experts, outputs]. */
function outputsFor(
  {expert, experts}: {expert: Expert; experts: number},
  params: Params,
  tokens: Tensor,
  asked: Tensor
): Tensor {
  const isAsked = tf.greater(asked, 0);
  const numbers = tf.tile(tf.expandDims(tf.range(0, experts, 1, "int32"), 0), [tokens.shape[0] as number, 1]);
  const indices = tf.where(isAsked, numbers, tf.fill(numbers.shape, -1, "int32"));
  const {rows, offsets, places} = sortByExpert(indices, experts);
  const y = expert.apply(params, {x: tokens, from: rows, offsets});
  const at = tf.reshape(tf.maximum(places, tf.scalar(0, "int32")), [-1]);
  const all = tf.reshape(takeTableRows(y, at), [tokens.shape[0] as number, experts, -1]);
  return tf.mul(all, tf.expandDims(asked, 2));
}
