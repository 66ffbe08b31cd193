import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import {type Initializer, varianceScaling} from "../../core/initializers.ts";
import type {Context} from "../../core/layer.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkWord, type Known} from "../options.ts";
import type {Choices, LinearRouterParams, Router, RouterShape} from "../routing.ts";

/** Small weights, so that at first all experts are about as likely: a tenth of the usual variance, as Fedus et al. (2021) have it. */
export const routerInit: Initializer = varianceScaling({scale: 0.1});

/** Options that routers by a product have in common. */
export interface LinearRouterOptions {
  /** Multiplies what the router sees by uniform numbers from 1 - jitter to 1 + jitter while training; 0 by default. */
  jitter?: number;
  /** Small numbers by default, of a tenth of the usual variance, so that at first all experts are about as likely. */
  kernelInit?: Initializer;
}

/** Options of routers that give each token so many experts. */
export interface ChoosingRouterOptions extends LinearRouterOptions {
  /** Experts for each token; 2 by default. */
  k?: number;
}

/** Options of routers that weigh those by a softmax. */
export interface TopKRouterOptions extends ChoosingRouterOptions {
  /**
   * "renormalised" (the default): probabilities of the chosen divided by their sum, which is the softmax over the chosen alone
   * (Mixtral). "softmax": as the softmax over all experts has them (Switch, GShard).
   */
  weights?: "renormalised" | "softmax";
}

/** Names of options that routers have in common. */
export const LINEAR: Known<LinearRouterOptions> = {jitter: true, kernelInit: true};
export const CHOOSING: Known<ChoosingRouterOptions> = {k: true, ...LINEAR};
export const TOP_K: Known<TopKRouterOptions> = {weights: true, ...CHOOSING};

/** Throws unless a router has the options `known`, and those that routers have in common are what they may be. */
export function checkRouter<Options extends object>(
  name: string,
  options: Options,
  known: Known<Options>
): void {
  checkOptions(name, options, known);
  const {k, jitter, weights, kernelInit} = options as TopKRouterOptions;
  if (k !== undefined) checkCount("k", k);
  if (jitter !== undefined) checkNumber("jitter", jitter, 0, 1);
  if (weights !== undefined) checkWord("weights", weights, ["renormalised", "softmax"]);
  if (kernelInit !== undefined && typeof kernelInit !== "function")
    throw new ArgumentError(`kernelInit must be an initializer, such as lecunNormal, got ${kernelInit}.`);
}

/** A router that is one product, and what becomes of its logits. */
export interface LinearRouter {
  name: string;
  k: number;
  options: LinearRouterOptions;
  /** Throws for experts that it cannot have. */
  check(shape: RouterShape, path: string): void;
  choose(logits: Tensor, context: Context | undefined): Choices;
}

/** A router of tokens that choose, by the logits x kernel. */
export function linearRouter(router: LinearRouter): Router<LinearRouterParams> {
  const {name, k, options, check, choose} = router;
  const {kernelInit = routerInit} = options;
  return {
    name,
    k,
    flops: productFlops,
    init(key, shape, path = "router") {
      check(shape, path);
      return {kernel: kernelInit(key, [shape.features, shape.experts])};
    },
    route({kernel}, x, shape, context) {
      check(shape, context?.path ?? "router");
      return tidy(() => {
        const logits = linearLogits(kernel, x, options, context);
        checkLogits(logits, context);
        return choose(logits, context);
      });
    }
  };
}

/** Operations of the product of a token and a column for each expert. */
export const productFlops = ({features, experts}: RouterShape): number => 2 * features * experts;

/** Throws unless k experts can be had. */
export function checkChoices(k: number, {experts}: RouterShape, path: string): void {
  checkCount("k", k);
  if (k > experts)
    throw new ArgumentError(
      `${path}: k is ${k}, but there are ${experts} experts. Pass a k from 1 to ${experts}, or more experts.`
    );
}

/** The logits x kernel, [tokens, experts], of tokens that are shaken while training. */
export function linearLogits(
  kernel: Tensor,
  x: Tensor,
  {jitter = 0}: LinearRouterOptions,
  context: Context | undefined
): Tensor {
  const path = context?.path ?? "router";
  if (x.rank !== 2 || kernel.rank !== 2 || x.shape[1] !== kernel.shape[0])
    throw new ShapeError(
      `${path}: expected tokens of shape [tokens, ${kernel.shape[0]}] for a kernel [${kernel.shape.join(", ")}], got [${x.shape.join(", ")}].`
    );
  return tidy(() => denseProduct(shaken(x, jitter, context), kernel, undefined, "linear"));
}

/** x times uniform numbers from 1 - jitter to 1 + jitter, while training with a key; x itself otherwise. */
function shaken(x: Tensor, jitter: number, context: Context | undefined): Tensor {
  if (jitter === 0 || !context?.training) return x;
  return tf.mul(x, uniform(keyOf(context, "jitter"), x.shape, 1 - jitter, 1 + jitter));
}

/** The key of this application, for what is random in training. Throws where there is none. */
export function keyOf(context: Context, what: string) {
  if (context.key) return context.key;
  throw new ArgumentError(
    `${context.path ?? "router"} draws ${what} while training: pass a key in the context, {training: true, key: key(0)}.`
  );
}

/** Whether numbers can be looked at without waiting for a device, or for every step of a training. */
export const canLook = (context: Context | undefined): boolean =>
  !context?.training && tf.getBackend() !== "webgpu";

/**
 * Throws where a softmax of logits is none, if they can be looked at: on webgpu they cannot without waiting, and in training the loss
 * tells. Weights of such tokens are NaN then, and so is what comes of them.
 */
export function checkLogits(logits: Tensor, context: Context | undefined): void {
  if (!canLook(context)) return;
  const lost = lostLogit(logits.dataSync(), logits.shape[1] as number);
  if (lost)
    throw new ArgumentError(
      `${context?.path ?? "router"}: the logit of token ${lost.token} for expert ${lost.expert} is ${lost.value}. Pass finite tokens and router parameters; a training that diverged needs a smaller learning rate or a z-loss.`
    );
}

/** The first logit that spoils its token: NaN, Infinity, or -Infinity where all of the token are. */
function lostLogit(values: ArrayLike<number>, experts: number) {
  for (let first = 0; first < values.length; first += experts) {
    let most = -Infinity;
    for (let at = first; at < first + experts; ++at) {
      const value = values[at] as number;
      if (!(value < Infinity)) return {token: first / experts, expert: at - first, value};
      most = Math.max(most, value);
    }
    if (most === -Infinity) return {token: first / experts, expert: 0, value: most};
  }
  return undefined;
}
