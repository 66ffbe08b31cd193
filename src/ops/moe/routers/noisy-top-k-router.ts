import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {type Initializer, zeros} from "../../core/initializers.ts";
import {normal} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Choices, Router} from "../routing.ts";
import {
  checkChoices,
  checkRouter,
  keyOf,
  linearLogits,
  productFlops,
  routerInit,
  TOP_K,
  type TopKRouterOptions
} from "./logits.ts";
import {topChoices} from "./top-k-router.ts";

export interface NoisyTopKRouterOptions extends TopKRouterOptions {
  /**
   * "learned" (the default): normal noise of standard deviation softplus(x W_noise) + 0.01 (Shazeer et al. 2017). A number s: of s over the
   * number of experts (V-MoE, Tutel), 0 for none.
   */
  noise?: "learned" | number;
  noiseInit?: Initializer;
}

/** The router's product, and that of the noise's deviation where it is learned, both [features, experts]. */
export type NoisyTopKRouterParams = {kernel: Tensor; noiseKernel?: Tensor};

/**
 * The k experts of largest noisy logit while training, of largest logit otherwise (Shazeer et al. 2017). While training its routings have
 * `noise`, of which loadLoss is made. Needs a key in the context while training.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {importanceLoss, gatesOf, loadLoss, noisyTopKRouter} from "petri/moe";
 *
 * const router = noisyTopKRouter({k: 2});
 * const shape = {features: 4, experts: 5};
 * const params = router.init(key(0), shape);
 * const routing = router.route(params, random.normal(key(1), [50, 4]), shape, {training: true, key: key(2)});
 * display({importance: importanceLoss(gatesOf(routing)).arraySync(), load: loadLoss(routing).arraySync()});
 */
export function noisyTopKRouter(options: NoisyTopKRouterOptions = {}): Router<NoisyTopKRouterParams> {
  checkRouter("noisyTopKRouter", options, {noise: true, noiseInit: true, ...TOP_K});
  const {k = 2, noise = "learned", weights = "renormalised"} = options;
  const {kernelInit = routerInit, noiseInit = zeros} = options;
  if (noise !== "learned") checkNumber("noise", noise, 0);
  return {
    name: "noisyTopKRouter",
    k,
    flops: productFlops,
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      const size = [shape.features, shape.experts];
      const kernel = kernelInit(key.fold(0), size);
      return noise === "learned" ? {kernel, noiseKernel: noiseInit(key.fold(1), size)} : {kernel};
    },
    route({kernel, noiseKernel}, x, shape, context) {
      const path = context?.path ?? "router";
      checkChoices(k, shape, path);
      return tidy(() => {
        const clean = linearLogits(kernel, x, options, context);
        if (!context?.training || noise === 0) return topChoices(clean, {k, weights}, context);
        const deviation = deviationOf(noise, noiseKernel, x, shape.experts, path);
        const draws = normal(keyOf(context, "noise").fold(1), clean.shape);
        return noisyChoices({clean, deviation, draws}, {k, weights});
      });
    }
  };
}

function deviationOf(
  noise: "learned" | number,
  kernel: Tensor | undefined,
  x: Tensor,
  experts: number,
  path: string
): Tensor {
  if (noise !== "learned") return tf.scalar(noise / experts);
  if (!kernel)
    throw new ArgumentError(
      `${path}: learned noise needs the parameter noiseKernel. Make parameters with init.`
    );
  return tf.add(tf.softplus(linearLogits(kernel, x, {}, undefined)), 0.01);
}

/** Logits without noise, the deviation of the noise, and standard normal draws, [tokens, experts]. */
interface NoisyLogits {
  clean: Tensor;
  deviation: Tensor;
  draws: Tensor;
}

/** The choices of largest clean + deviation draws. */
export function noisyChoices(
  {clean, deviation, draws}: NoisyLogits,
  options: {k: number; weights: "renormalised" | "softmax"}
): Choices {
  return tidy(() => {
    const logits = tf.add(clean, tf.mul(deviation, draws));
    const noise = {clean: tf.clone(clean), deviation: tf.clone(deviation)};
    return {...topChoices(logits, options, {training: true}), noise};
  });
}
