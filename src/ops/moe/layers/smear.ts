import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {checkNumber, checkOptions, ShapeError} from "../../core/errors.ts";
import type {Initializer} from "../../core/initializers.ts";
import {type Context, inScope, type Layer} from "../../core/layer.ts";
import {bernoulli} from "../../core/random.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Expert} from "../experts/expert.ts";
import {keyOf, routerInit} from "../routers/logits.ts";
import {checkExperts, outputsOf} from "./parts.ts";
import {asTokensOf, checkMask, evenOffsets, featuresOf, tokenCount, tokensOfExamples} from "./tokens.ts";

export interface SmearOptions {
  experts: number;
  /** What each of them computes; its parameters must lie on a leading axis, as those of all experts of petri/moe do. */
  expert: Expert;
  /** Leaves each expert out with this probability while training, and shares its weight among the others; 0 by default, 0.1 in the paper. */
  dropout?: number;
  kernelInit?: Initializer;
}

/** The router's kernel, [features, experts], and the parameters of all experts. */
export type SmearParams = {router: {kernel: Tensor}; experts: Params};

/** `smear` as a layer, whose shares of experts can be looked at. */
export interface SmearLayer extends Layer<SmearParams> {
  /** The share of each expert in what an example is computed with, [batch, experts]. The tensor belongs to the caller. */
  shares(params: SmearParams, x: Tensor, context?: Context): Tensor;
}

/**
 * Soft merging of experts with adaptive routing (Muqeeth, Liu & Raffel 2023): all tokens of an example are computed by one expert,
 * whose parameters are the mean of all experts' by the shares p = softmax(mean of the tokens W). [batch, tokens, features] ->
 * [batch, tokens, outputs]. As much work as one expert, and ordinary gradients for everything; the merged parameters of each
 * example are in memory. Tokens that `context.mask` leaves out do not count for the mean.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {mlpExpert, smear} from "petri/moe";
 *
 * const layer = smear({experts: 4, expert: mlpExpert({hidden: 16})});
 * const shares = layer.shares(layer.init(key(0), [10, 8]), random.normal(key(1), [3, 10, 8]));
 * display(Inputs.table(shares.arraySync()));
 */
export function smear(options: SmearOptions): SmearLayer {
  checkOptions("smear", options, {experts: true, expert: true, dropout: true, kernelInit: true});
  const {experts, expert, dropout = 0, kernelInit = routerInit} = options;
  checkExperts("smear", options);
  checkNumber("dropout", dropout, 0, 1 - 2 ** -24);
  const name = "smear";

  function sharesOf({router}: SmearParams, tokens: Tensor, context: Context | undefined): Tensor {
    const logits = denseProduct(meanToken(tokens, context), router.kernel, undefined, "linear");
    const shares = tf.softmax(logits);
    if (dropout === 0 || !context?.training) return shares;
    const kept = bernoulli(keyOf(context, "which experts to leave out"), 1 - dropout, shares.shape);
    // Where all are left out, all count as much.
    const left = tf.add(tf.mul(shares, kept), 1e-10);
    return tf.div(left, tf.sum(left, 1, true));
  }

  return {
    name,
    init(key, inputShape, path = name) {
      const features = featuresOf(inputShape, path);
      return {
        router: {kernel: kernelInit(key.fold(0), [features, experts])},
        experts: expert.init(key.fold(1), {experts, features})
      };
    },
    apply: (params, x, context) =>
      inScope(context, (inner) => {
        const tokens = tokensOfExamples(x, inner?.path ?? name);
        const [batch, each, features] = tokens.shape as [number, number, number];
        const merged = mergedExperts(params.experts, sharesOf(params, tokens, inner));
        const rows = {
          x: tf.reshape(tokens, [batch * each, features]),
          offsets: evenOffsets(batch, each),
          each
        };
        return asTokensOf(x, expert.apply(merged, rows));
      }),
    shares: (params, x, context) =>
      tidy(() => sharesOf(params, tokensOfExamples(x, context?.path ?? name), context)),
    outputShape: (shape) => [...shape.slice(0, -1), outputsOf(expert, shape.at(-1) as number)],
    flops: (shape) => tokenCount(shape) * (expert.flops?.(shape.at(-1) as number) ?? 0)
  };
}

/**
 * Experts whose parameters are weighted sums of others': of stacks [experts, ...] and shares [batch, experts] stacks [batch, ...].
 * The tensors belong to the caller.
 */
export function mergedExperts(params: Params, shares: Tensor): Params {
  const [batch, count] = shares.shape as [number, number];
  return map((leaf: Tensor, path) => {
    const [experts, ...own] = leaf.shape as [number, ...number[]];
    if (experts !== count)
      throw new ShapeError(
        `Experts to be merged: expected ${path} of shape [${count}, ...], one for each expert, got [${leaf.shape.join(", ")}]. Take an expert whose parameters are its own, such as mlpExpert.`
      );
    return tidy(() => {
      const sums = denseProduct(shares, tf.reshape(leaf, [experts, -1]), undefined, "linear");
      return tf.reshape(sums, [batch, ...own]);
    });
  }, params);
}

/** [batch, tokens, features] -> [batch, features], over the tokens that are there. */
function meanToken(tokens: Tensor, context: Context | undefined): Tensor {
  const {mask} = context ?? {};
  if (!mask) return tf.mean(tokens, 1);
  checkMask(mask, tokens, context?.path ?? "smear");
  const isThere = tf.expandDims(tf.cast(mask, "float32"), 2);
  return tf.div(tf.sum(tf.mul(tokens, isThere), 1), tf.maximum(tf.sum(isThere, 1), 1));
}
