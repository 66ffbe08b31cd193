import {batchProduct} from "../../../gpu/kernels/batch-product.ts";
import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {normalised} from "../../../gpu/kernels/norm.ts";
import {checkCount, checkOptions} from "../../core/errors.ts";
import {type Initializer, ones} from "../../core/initializers.ts";
import {type Context, inScope, type Layer} from "../../core/layer.ts";
import {normal} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Expert} from "../experts/expert.ts";
import {checkWord, type Known} from "../options.ts";
import {checkExperts, outputsOf} from "./parts.ts";
import {asTokensOf, checkMask, evenOffsets, featuresOf, tokenCount, tokensOfExamples} from "./tokens.ts";

export interface SoftMoeOptions {
  experts: number;
  /** What each of them computes: mlpExpert({hidden: 64}), say. */
  expert: Expert;
  /** Mixtures of tokens that each expert computes, 1 by default. */
  slots?: number;
  /** What the mixtures are made of: "normalised" tokens (the default, as in soft-moe-pytorch) or the "tokens" themselves (the paper). */
  mix?: "normalised" | "tokens";
  /** Of the vectors of slots; standard normal by default. Their length does not matter. */
  slotInit?: Initializer;
}

const OPTIONS: Known<SoftMoeOptions> = {
  experts: true,
  expert: true,
  slots: true,
  mix: true,
  slotInit: true
};

/** A vector for each slot, [experts, slots, features]; factors of both normalisations, [features]; those of all experts. */
export type SoftMoeParams = {
  slots: Tensor;
  norm: {scale: Tensor};
  slotNorm: {scale: Tensor};
  experts: Params;
};

/** How tokens and slots belong together. The tensors belong to the caller. */
export interface SoftRouting {
  /** [batch, tokens, experts, slots], before mask and softmax. */
  logits: Tensor;
  /** The share of each token in a slot: sums to 1 over the tokens. */
  dispatch: Tensor;
  /** The share of each slot in a token's output: sums to 1 over all slots of all experts. */
  combine: Tensor;
}

/** `softMoe` as a layer, whose weights can be looked at. */
export interface SoftMoeLayer extends Layer<SoftMoeParams> {
  routing(params: SoftMoeParams, x: Tensor, context?: Context): SoftRouting;
}

/** Nothing beside any logit; the most negative float32 itself is less than where tfjs begins a maximum on webgpu. */
const LOWEST = -1e38;

/**
 * Soft mixture of experts (Puigcerver et al. 2024): an expert computes a few slots, each a weighted mean of all tokens of an example,
 * and a token gets a weighted mean of all slots. [batch, tokens, features] -> [batch, tokens, outputs]. The logits are products of
 * tokens and slot vectors, both normalised by their root mean square with a factor; dispatch is their softmax over tokens, combine
 * that over slots. Nothing is dropped and everything has a gradient. Tokens that `context.mask` leaves out go into no slot, and get
 * the mean of all slots; throws a ShapeError where the mask does not fit.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {mlpExpert, softMoe} from "petri/moe";
 *
 * const layer = softMoe({experts: 4, slots: 2, expert: mlpExpert({hidden: 16})});
 * const params = layer.init(key(0), [10, 8]);
 * const {dispatch} = layer.routing(params, random.normal(key(1), [1, 10, 8]));
 * display({sharesOfTokensInTheFirstSlot: dispatch.slice([0, 0, 0, 0], [1, -1, 1, 1]).flatten().arraySync()});
 */
export function softMoe(options: SoftMoeOptions): SoftMoeLayer {
  checkOptions("softMoe", options, OPTIONS);
  const {experts, slots = 1, expert, mix = "normalised", slotInit = normal} = options;
  checkExperts("softMoe", options);
  checkCount("slots", slots);
  checkWord("softMoe: mix", mix, ["normalised", "tokens"]);
  const name = "softMoe";
  const count = experts * slots;

  function weigh(params: SoftMoeParams, x: Tensor, context: Context | undefined) {
    const tokens = tokensOfExamples(x, context?.path ?? name);
    const [batch, each, features] = tokens.shape as [number, number, number];
    const normal = rms(tokens, params.norm);
    const vectors = tf.reshape(rms(params.slots, params.slotNorm), [count, features]);
    const flat = tf.reshape(normal, [batch * each, features]);
    const product = denseProduct(flat, tf.transpose(vectors), undefined, "linear");
    const logits = tf.reshape(product, [batch, each, count]);
    const present = masked(logits, context, name);
    // [batch, slots, tokens]: the softmax over the last axis is one over tokens.
    const dispatch = tf.softmax(tf.transpose(present, [0, 2, 1]));
    return {logits, dispatch, combine: tf.softmax(present), mixed: mix === "tokens" ? tokens : normal};
  }

  return {
    name,
    init(key, inputShape, path = name) {
      const features = featuresOf(inputShape, path);
      return {
        slots: slotInit(key.fold(0), [experts, slots, features]),
        norm: {scale: ones(key, [features])},
        slotNorm: {scale: ones(key, [features])},
        experts: expert.init(key.fold(1), {experts, features})
      };
    },
    apply: (params, x, context) =>
      inScope(context, (inner) => {
        const {dispatch, combine, mixed} = weigh(params, x, inner);
        const batch = mixed.shape[0] as number;
        const inSlots = batchProduct(dispatch, mixed);
        // Experts want their rows together: [experts, batch x slots, features].
        const rows = tf.transpose(tf.reshape(inSlots, [batch, experts, slots, -1]), [1, 0, 2, 3]);
        const each = batch * slots;
        const y = expert.apply(params.experts, {
          x: tf.reshape(rows, [experts * each, -1]),
          offsets: evenOffsets(experts, each),
          each
        });
        const out = tf.transpose(tf.reshape(y, [experts, batch, slots, -1]), [1, 0, 2, 3]);
        return asTokensOf(x, batchProduct(combine, tf.reshape(out, [batch, count, -1])));
      }),
    routing: (params, x, context) =>
      tidy(() => {
        const {logits, dispatch, combine} = weigh(params, x, context);
        const shape = [...logits.shape.slice(0, 2), experts, slots];
        const [all, inSlots, out] = [logits, tf.transpose(dispatch, [0, 2, 1]), combine].map((each) =>
          tf.reshape(each, shape)
        ) as [Tensor, Tensor, Tensor];
        return {logits: all, dispatch: inSlots, combine: out};
      }),
    outputShape: (shape) => [...shape.slice(0, -1), outputsOf(expert, shape.at(-1) as number)],
    flops(shape) {
      const features = shape.at(-1) as number;
      const products = 2 * tokenCount(shape) * count * (2 * features + outputsOf(expert, features));
      return products + count * (expert.flops?.(features) ?? 0);
    }
  };
}

const rms = (x: Tensor, params: {scale: Tensor}) => normalised(x, params, {epsilon: 1e-12, centred: false});

/** Logits [batch, tokens, slots] of which tokens that are not there have the lowest. */
function masked(logits: Tensor, context: Context | undefined, name: string): Tensor {
  const {mask} = context ?? {};
  if (!mask) return logits;
  checkMask(mask, logits, context?.path ?? name);
  const isThere = tf.expandDims(tf.cast(mask, "bool"), 2);
  return tf.where(isThere, logits, tf.fill(logits.shape, LOWEST));
}
