import {denseProduct} from "../../../gpu/kernels/dense.ts";
import {sumTableRows, takeTableRows} from "../../../gpu/kernels/rows.ts";
import type {ActivationName} from "../../core/activations.ts";
import {ArgumentError, checkCount, checkOptions, ShapeError} from "../../core/errors.ts";
import {type Initializer, lecunNormal, zeros} from "../../core/initializers.ts";
import {
  applyChild,
  type Context,
  expectShape,
  initChild,
  inScope,
  type Layer,
  shapeAfter
} from "../../core/layer.ts";
import {type DenseParams, dense} from "../../core/layers/dense.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkWord, type Known} from "../options.ts";
import {routerInit} from "../routers/logits.ts";
import {
  checkCapacities,
  NESTED_ORDER,
  NESTED_PROBABILITIES,
  type NestedCapacities,
  type NestedRouting,
  nestedCounts,
  takeInTurn
} from "./nested-routing.ts";
import {asTokensOf, featuresOf, tokenCount, tokensOfExamples} from "./tokens.ts";

export interface NestedMixtureOptions {
  /** Hidden units, which all experts have. */
  hidden: number;
  /** The share of an example's tokens that each expert takes, the smallest first: see nestedCapacities. */
  capacities: NestedCapacities;
  /** "here" (the default) has a router and leaves its decision for later layers; "before" does what an earlier layer has left. */
  routed?: "here" | "before";
  /** "geluTanh" by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  kernelInit?: Initializer;
}

const OPTIONS: Known<NestedMixtureOptions> = {
  hidden: true,
  capacities: true,
  routed: true,
  activation: true,
  kernelInit: true
};

/** A router's kernel, [features, experts]; the whole perceptron, of which experts are parts; how much probabilities scale outputs. */
export type NestedMixtureParams = {
  router?: {kernel: Tensor};
  in: DenseParams;
  out: DenseParams;
  alpha: Tensor;
};

/** `nestedMixture` as a layer, whose decision can be looked at. */
export interface NestedMixtureLayer extends Layer<NestedMixtureParams> {
  /** The expert of every token, int32 [batch, tokens], 0 being the smallest. The tensor belongs to the caller. */
  experts(params: NestedMixtureParams, x: Tensor, context?: Context): Tensor;
}

/**
 * A mixture of nested experts (Jain et al. 2024): a perceptron whose experts are parts of it, expert i of E reading and writing the
 * first features / 2^(E - 1 - i) numbers of a token. A router gives each token a probability for every expert; the largest takes the
 * tokens it likes best up to its capacity, then the next one. What comes out is (1 + alpha p) expert(token), and 0 in features that
 * the expert does not write, to be added to what came in: put it into residual(). [batch, tokens, features] -> the same.
 * Multiplications are those of the budget, because capacities are known beforehand.
 *
 * @example
 * import {flops, key, random} from "petri/core";
 * import {nestedCapacities, nestedMixture} from "petri/moe";
 *
 * const layer = nestedMixture({hidden: 32, capacities: nestedCapacities(0.5)});
 * const params = layer.init(key(0), [16, 8]);
 * display(layer.experts(params, random.normal(key(1), [1, 16, 8])).arraySync());
 * display({flops: flops(layer, [16, 8]), ofTheWhole: 16 * 4 * 8 * 32});
 */
export function nestedMixture(options: NestedMixtureOptions): NestedMixtureLayer {
  checkOptions("nestedMixture", options, OPTIONS);
  const {hidden, capacities, routed = "here", activation = "geluTanh", kernelInit = lecunNormal} = options;
  checkCount("hidden", hidden);
  checkCapacities(capacities);
  checkWord("routed", routed, ["here", "before"]);
  const name = "nestedMixture";
  const first = dense({units: hidden, activation});

  function route(params: NestedMixtureParams, tokens: Tensor, context: Context | undefined): NestedRouting {
    if (routed === "before") return decisionBefore(tokens, context, name);
    const [batch, each, features] = tokens.shape as [number, number, number];
    const flat = tf.reshape(tokens, [batch * each, features]);
    const logits = denseProduct(flat, (params.router as {kernel: Tensor}).kernel, undefined, "linear");
    return takeInTurn(tf.reshape(tf.softmax(logits), [batch, each, capacities.length]), capacities);
  }

  /** What the experts, the largest first, make of tokens in the order in which they took them. */
  function compute(params: NestedMixtureParams, sorted: Tensor, {counts, batch}: Taken): Tensor {
    const features = sorted.shape[1] as number;
    const outputs: Tensor[] = [];
    let start = 0;
    for (const [expert, count] of [...counts.entries()].reverse()) {
      if (count === 0) continue;
      const rows = batch * count;
      const width = features / 2 ** (capacities.length - 1 - expert);
      const {kernel, bias} = params.in;
      const x = tf.slice(sorted, [start, 0], [rows, width]);
      const inside = first.apply({kernel: tf.slice(kernel, [0, 0], [width, hidden]), bias}, x);
      const out = tf.slice(params.out.kernel, [0, 0], [hidden, width]);
      const y = denseProduct(inside, out, tf.slice(params.out.bias as Tensor, [0], [width]), "linear");
      outputs.push(
        tf.pad(y, [
          [0, 0],
          [0, features - width]
        ])
      );
      start += rows;
    }
    return outputs.length === 1 ? (outputs[0] as Tensor) : tf.concat(outputs, 0);
  }

  return {
    name,
    init(key, inputShape, path = name) {
      const features = featuresOf(inputShape, path);
      checkWidth(features, capacities, path);
      const linear = (part: number, from: number, to: number): DenseParams => ({
        kernel: kernelInit(key.fold(part), [from, to]),
        bias: zeros(key, [to])
      });
      return {
        ...(routed === "here" && {router: {kernel: routerInit(key.fold(0), [features, capacities.length])}}),
        in: linear(1, features, hidden),
        out: linear(2, hidden, features),
        alpha: tf.scalar(0)
      };
    },
    apply: (params, x, context) =>
      inScope(context, (inner) => {
        const tokens = tokensOfExamples(x, inner?.path ?? name);
        const [batch, each, features] = tokens.shape as [number, number, number];
        const {order, probabilities} = route(params, tokens, inner);
        if (routed === "here") {
          inner?.leave?.(NESTED_ORDER, order);
          inner?.leave?.(NESTED_PROBABILITIES, probabilities);
        }
        const sorted = takeTableRows(tf.reshape(tokens, [batch * each, features]), order);
        const y = compute(params, sorted, {counts: nestedCounts(capacities, each), batch});
        const scaled = tf.mul(y, tf.add(1, tf.mul(params.alpha, probabilities)));
        return asTokensOf(x, sumTableRows(scaled, order, batch * each));
      }),
    experts: (params, x, context) =>
      tidy(() => {
        const tokens = tokensOfExamples(x, context?.path ?? name);
        const [batch, each] = tokens.shape as [number, number, number];
        const {order} = route(params, tokens, context);
        const numbers = sortedNumbers(nestedCounts(capacities, each), batch);
        const rows = tf.tensor2d(Float32Array.from(numbers), [batch * each, 1]);
        return tf.cast(tf.reshape(sumTableRows(rows, order, batch * each), [batch, each]), "int32");
      }),
    flops(shape) {
      const features = shape.at(-1) as number;
      const counts = nestedCounts(capacities, tokenCount(shape));
      const widths = counts.map((count, i) => count * (features / 2 ** (counts.length - 1 - i)));
      const router = routed === "here" ? 2 * tokenCount(shape) * features * counts.length : 0;
      return router + widths.reduce((sum, each) => sum + 4 * hidden * each, 0);
    }
  };
}

/** How many tokens of an example each expert takes, the smallest first, and how many examples there are. */
interface Taken {
  counts: readonly number[];
  batch: number;
}

/**
 * A layer in which each token has as many features as the expert that an earlier nestedMixture gave it: all others are 0 in what goes in
 * and in what comes out. For attention and the like, whose shape stays; the numbers are those of weights cut to size.
 *
 * @example
 * import {key, multiHeadAttention, random, residual, sequential} from "petri/core";
 * import {nested, nestedCapacities, nestedMixture} from "petri/moe";
 *
 * const capacities = nestedCapacities(0.5);
 * const model = sequential([
 *   residual(nestedMixture({hidden: 16, capacities})),
 *   residual(nested(multiHeadAttention({heads: 2}), {capacities})),
 *   residual(nestedMixture({hidden: 16, capacities, routed: "before"}))
 * ]);
 * display(model.apply(model.init(key(0), [6, 8]), random.normal(key(1), [1, 6, 8])).shape);
 */
export function nested<P extends Params>(
  layer: Layer<P>,
  options: {capacities: NestedCapacities}
): Layer<{layer: P}> {
  checkOptions("nested", options, {capacities: true});
  const {capacities} = options;
  checkCapacities(capacities);
  const name = "nested";
  const child = {layer: layer as Layer, name: "layer", index: 0};
  return {
    name,
    init(key, inputShape, path = name) {
      checkWidth(featuresOf(inputShape, path), capacities, path);
      expectShape(
        shapeAfter(layer, inputShape).join() === inputShape.join(),
        path,
        "that the layer keeps",
        inputShape
      );
      return {layer: initChild(child, key, inputShape, path) as P};
    },
    apply: ({layer: params}, x, context) =>
      inScope(context, (inner) => {
        const [batch, each, features] = tokensOfExamples(x, inner?.path ?? name).shape as [
          number,
          number,
          number
        ];
        const {order} = decisionBefore(x, inner, name);
        const numbers = sortedNumbers(nestedCounts(capacities, each), batch);
        const masks = new Float32Array(batch * each * features);
        for (const [row, expert] of numbers.entries()) {
          const width = features / 2 ** (capacities.length - 1 - expert);
          masks.fill(1, row * features, row * features + width);
        }
        const sorted = tf.tensor2d(masks, [batch * each, features]);
        const mask = tf.reshape(sumTableRows(sorted, order, batch * each), x.shape);
        return tf.mul(applyChild(child, params, tf.mul(x, mask), inner), mask);
      }),
    children: (inputShape) => [{...child, inputShape}],
    withChildren: ([other = layer as Layer]) => nested(other, {capacities}) as Layer
  };
}

/** The expert of each token in the order in which they are taken, all examples of the largest first. */
function sortedNumbers(counts: readonly number[], batch: number): number[] {
  return [...counts.entries()]
    .reverse()
    .flatMap(([expert, count]) => Array<number>(batch * count).fill(expert));
}

function decisionBefore(x: Tensor, context: Context | undefined, name: string): NestedRouting {
  const path = context?.path ?? name;
  const [order, probabilities] = [NESTED_ORDER, NESTED_PROBABILITIES].map((each) => context?.left?.(each));
  if (!order || !probabilities)
    throw new ArgumentError(
      `${path} takes the decision of a layer before it, and there is none. Put nestedMixture with {routed: "here"} before it, in the same network.`
    );
  const tokens = (x.shape[0] as number) * (x.shape[1] as number);
  if (order.size !== tokens)
    throw new ShapeError(
      `${path}: the layer before decided about ${order.size} tokens, and there are ${tokens}. Keep the tokens between the two.`
    );
  return {order, probabilities};
}

function checkWidth(features: number, capacities: NestedCapacities, path: string): void {
  const parts = 2 ** (capacities.length - 1);
  if (features % parts !== 0)
    throw new ShapeError(
      `${path}: ${capacities.length} nested experts halve the features ${capacities.length - 1} times, and ${features} is no multiple of ${parts}.`
    );
}
