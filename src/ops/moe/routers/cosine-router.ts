import {checkCount, checkNumber} from "../../core/errors.ts";
import {type Initializer, lecunNormal, varianceScaling} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Router} from "../routing.ts";
import {checkChoices, checkRouter, linearLogits, TOP_K, type TopKRouterOptions} from "./logits.ts";
import {topChoices} from "./top-k-router.ts";

export interface CosineRouterOptions extends TopKRouterOptions {
  /** Dimensions in which directions are compared; half as many as experts by default, and 2 at least (X-MoE). */
  dimensions?: number;
  /** Divides the cosines at first; learned, and never below 0.01. 0.5 by default, as in Tutel. */
  temperature?: number;
  expertsInit?: Initializer;
}

/** A projection [features, dimensions], a direction for each expert [dimensions, experts], and the logarithm of 1 / temperature. */
export type CosineRouterParams = {projection: Tensor; kernel: Tensor; logScale: Tensor};

/**
 * Logits are cosines between the projected token and a direction of each expert, over a learned temperature (X-MoE, Chi et al. 2022): the length
 * of a token does not count, which keeps representations from collapsing onto the directions of experts.
 *
 * @example
 * import {key, random, tf} from "petri/core";
 * import {cosineRouter} from "petri/moe";
 *
 * const router = cosineRouter({k: 1});
 * const shape = {features: 4, experts: 6};
 * const params = router.init(key(0), shape);
 * const x = random.normal(key(1), [3, 4]);
 * display([x, x.mul(10)].map((tokens) => router.route(params, tokens, shape).logits.arraySync()));
 */
export function cosineRouter(options: CosineRouterOptions = {}): Router<CosineRouterParams> {
  checkRouter("cosineRouter", options, {dimensions: true, temperature: true, expertsInit: true, ...TOP_K});
  const {k = 2, dimensions, temperature = 0.5, weights = "renormalised", kernelInit = lecunNormal} = options;
  const {expertsInit = varianceScaling({mode: "fanIn"})} = options;
  if (dimensions !== undefined) checkCount("dimensions", dimensions);
  checkNumber("temperature", temperature, LEAST_TEMPERATURE);
  const sizeOf = (experts: number) => dimensions ?? Math.max(2, Math.floor(experts / 2));
  return {
    name: "cosineRouter",
    k,
    flops: ({features, experts}) => 2 * sizeOf(experts) * (features + experts),
    init(key, shape, path = "router") {
      checkChoices(k, shape, path);
      const size = sizeOf(shape.experts);
      return {
        projection: kernelInit(key.fold(0), [shape.features, size]),
        kernel: expertsInit(key.fold(1), [size, shape.experts]),
        logScale: tf.scalar(-Math.log(temperature))
      };
    },
    route({projection, kernel, logScale}, x, shape, context) {
      checkChoices(k, shape, context?.path ?? "router");
      return tidy(() => {
        const tokens = unit(linearLogits(projection, x, options, context), 1);
        const cosines = linearLogits(unit(kernel, 0), tokens, {}, context);
        const scale = tf.exp(tf.minimum(logScale, -Math.log(LEAST_TEMPERATURE)));
        return topChoices(tf.mul(cosines, scale), {k, weights}, context);
      });
    }
  };
}

const LEAST_TEMPERATURE = 0.01;

/** Vectors of length 1; those of nearly no length stay as short. */
function unit(x: Tensor, axis: number): Tensor {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), axis, true), 1e-12)));
}
