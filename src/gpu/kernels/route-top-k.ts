import {registerGradient} from "../gradients/register.ts";
import {defineKernel, type Values} from "../kernel.ts";
import {checkTensor, checkWhole, KernelError} from "../kernel-error.ts";
import {isRecording} from "../tape.ts";
import * as tf from "../tfjs.ts";
import {flatMain, flatWorkgroups} from "./flat.ts";
import {rowsOf, widthOf} from "./matrix-sizes.ts";
import {routeCode, routeGradCode} from "./route-top-k-wgsl.ts";
import {placeRows, takeRows, topIndices} from "./top-k.ts";

const ROUTE = "PetriRouteTopK";

/** What the chosen experts of a token count: its probabilities as they are, or so that they sum to 1. */
export type RouteWeights = "softmax" | "renormalised" | "sigmoid" | "renormalisedSigmoid";

export const ROUTE_WEIGHTS: readonly RouteWeights[] = [
  "softmax",
  "renormalised",
  "sigmoid",
  "renormalisedSigmoid"
];

interface RouteAttrs {
  k: number;
  weights: RouteWeights;
}

const isSigmoid = (weights: RouteWeights) => weights === "sigmoid" || weights === "renormalisedSigmoid";
const isRenormalised = (weights: RouteWeights) =>
  weights === "renormalised" || weights === "renormalisedSigmoid";
const u32 = (value: number) => ({type: "u32", value}) as const;

/** The logarithm of the sigmoid, exact where the sigmoid itself is 0. */
const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

/** A row's softmax, NaN throughout where it has none. */
function softmaxInto(row: ArrayLike<number>, to: {[i: number]: number}): void {
  let top = -Infinity;
  for (let e = 0; e < row.length; ++e) top = Math.max(top, row[e] as number);
  let sum = 0;
  for (let e = 0; e < row.length; ++e) sum += Math.exp((row[e] as number) - top);
  for (let e = 0; e < row.length; ++e) to[e] = Math.exp((row[e] as number) - top) / sum;
}

/** Inputs logits [rows, experts] and, for the choice alone, bias [experts]. */
const routeKernel = defineKernel<RouteAttrs>({
  name: ROUTE,
  inputs: ["logits", "bias"],
  outputs: ({logits}, {k}) => [
    {shape: [rowsOf(logits), k], dtype: "int32"},
    {shape: [rowsOf(logits), k], dtype: "float32"},
    {shape: [rowsOf(logits), widthOf(logits)], dtype: "float32"}
  ],
  twin({logits, bias}, [indices, weights, probabilities], {k, weights: mode}, specs) {
    const [x, at, share, p] = [logits, indices, weights, probabilities] as [Values, Values, Values, Values];
    const experts = widthOf(specs.logits);
    const keys = new Float32Array(experts);
    const best = new Float32Array(k);
    for (let r = 0; r < rowsOf(specs.logits); ++r) {
      const row = x.subarray(r * experts, (r + 1) * experts);
      const own = p.subarray(r * experts, (r + 1) * experts);
      if (isSigmoid(mode)) for (let e = 0; e < experts; ++e) own[e] = 1 / (1 + Math.exp(-(row[e] as number)));
      else softmaxInto(row, own);
      keys.set(row);
      if (bias) for (let e = 0; e < experts; ++e) keys[e] = (own[e] as number) + (bias[e] as number);
      const chosen = at.subarray(r * k, (r + 1) * k);
      topIndices(keys, best, chosen);
      const scores = Array.from(chosen, (e) => scoreOf(mode, row[e] as number, own[e] as number));
      const to = share.subarray(r * k, (r + 1) * k);
      if (!isRenormalised(mode)) to.set(scores);
      else if (mode === "renormalised" && Number.isNaN(own[0])) to.fill(Number.NaN);
      else softmaxInto(scores, to);
    }
  },
  gpu({logits, bias}, {k, weights}) {
    const rows = rowsOf(logits);
    return {
      variant: weights,
      code: () =>
        routeCode({
          hasBias: bias !== undefined,
          isSigmoid: isSigmoid(weights),
          isRenormalised: isRenormalised(weights)
        }),
      uniforms: {
        rows: u32(rows),
        experts: u32(widthOf(logits)),
        k: u32(k),
        missing: {type: "f32", value: Number.NaN}
      },
      workgroups: flatWorkgroups(rows)
    };
  }
});

/** What becomes the weight of a chosen expert: itself, or by way of a softmax. */
const scoreOf = (mode: RouteWeights, logit: number, probability: number) =>
  mode === "renormalised" ? logit : mode === "renormalisedSigmoid" ? logSigmoid(logit) : probability;

/** The gradient of the logits from those of the weights, dw, and of the probabilities, dp, and the outputs; sigmoids by themselves need no weights. */
const gradKernel = defineKernel<RouteAttrs>({
  name: "PetriRouteTopKGrad",
  inputs: ["dw", "dp", "indices", "weights", "probabilities"],
  outputs: ({probabilities}) => [{shape: probabilities?.shape ?? [], dtype: "float32"}],
  twin({dw, dp, indices, weights, probabilities}, [out], {weights: mode}, specs) {
    const [byWeight, byP, at, w, p, to] = [dw, dp, indices, weights, probabilities, out] as Values[] as [
      Values,
      Values,
      Values,
      Values,
      Values,
      Values
    ];
    const [experts, k] = [widthOf(specs.probabilities), widthOf(specs.indices)];
    const slopes = new Float64Array(experts);
    for (let r = 0; r < rowsOf(specs.probabilities); ++r) {
      const [start, first] = [r * experts, r * k];
      slopes.set(byP.subarray(start, start + experts));
      const add = (j: number, slope: number) => {
        const e = at[first + j] as number;
        slopes[e] = (slopes[e] as number) + slope;
      };
      if (!isRenormalised(mode)) for (let j = 0; j < k; ++j) add(j, byWeight[first + j] as number);
      let mean = 0;
      for (let e = 0; e < experts && !isSigmoid(mode); ++e)
        mean += (p[start + e] as number) * (slopes[e] as number);
      for (let e = 0; e < experts; ++e) {
        const own = p[start + e] as number;
        slopes[e] = own * (isSigmoid(mode) ? 1 - own : 1) * ((slopes[e] as number) - mean);
      }
      if (isRenormalised(mode)) {
        let middle = 0;
        for (let j = first; j < first + k; ++j) middle += (w[j] as number) * (byWeight[j] as number);
        for (let j = 0; j < k; ++j) {
          const rest = mode === "renormalised" ? 1 : 1 - (p[start + (at[first + j] as number)] as number);
          add(j, (w[first + j] as number) * ((byWeight[first + j] as number) - middle) * rest);
        }
      }
      to.set(slopes, start);
    }
  },
  gpu({probabilities, indices}, {weights}) {
    const rows = rowsOf(probabilities);
    return {
      variant: weights,
      code: () =>
        flatMain(
          "args.rows",
          routeGradCode({isSigmoid: isSigmoid(weights), isRenormalised: isRenormalised(weights)})
        ),
      uniforms: {rows: u32(rows), experts: u32(widthOf(probabilities)), k: u32(widthOf(indices))},
      workgroups: flatWorkgroups(rows)
    };
  }
});

/** The experts of every token. */
export interface Routes {
  /** int32 [n, k]: the experts of each token, the best first. */
  indices: tf.Tensor;
  /** [n, k]: what each counts. */
  weights: tf.Tensor;
  /** [n, E]: the softmax (or sigmoid) of all logits. */
  probabilities: tf.Tensor;
}

export interface RouteOptions extends RouteAttrs {
  /** [E]: added to the probabilities for the choice, and nowhere else (Wang et al. 2024, balance without a loss). */
  bias?: tf.Tensor | undefined;
}

/**
 * The k best experts of every token from its logits [n, E], in one dispatch on webgpu. `weights` says what they count: "softmax" is their part of
 * the softmax over all experts; "renormalised" that softmax over the chosen alone (Mixtral); "sigmoid" and "renormalisedSigmoid" the same of
 * sigmoids (DeepSeek-V3), computed from logarithms, so that no sum is zero. Chosen is by logits or, with a bias, by probability plus bias; of
 * equal ones the lower index. A row with a logit that is no number, or for softmax an infinite one, has weights that are NaN and choices that are experts: it
 * spoils the result and is seen. Gradients go through weights and probabilities. Throws KernelError for other tensors, k below 1 or above E, and other names.
 */
export function routeTopK(logits: tf.Tensor, {k, weights, bias}: RouteOptions): Routes {
  checkTensor("The logits", logits, 2);
  const experts = logits.shape[1] as number;
  checkWhole("k", k, 1, experts);
  if (!ROUTE_WEIGHTS.includes(weights))
    throw new KernelError(`weights must be one of ${ROUTE_WEIGHTS.join(", ")}, got ${String(weights)}.`);
  if (bias && (bias.rank !== 1 || bias.size !== experts))
    throw new KernelError(`The bias must be [${experts}], one an expert, got [${bias.shape.join(", ")}].`);
  const [indices, share, probabilities] = routeKernel(bias ? {logits, bias} : {logits}, {k, weights});
  return {indices, weights: share, probabilities} as Routes;
}

registerGradient<RouteAttrs>({
  kernelName: ROUTE,
  save: ["logits"],
  saveOutputs: [true, true, true],
  grads: ([, dw, dp], [logits, indices, weights, probabilities], attrs) => ({
    logits: () => {
      if (isRecording())
        return differentiable(
          dw as tf.Tensor,
          dp as tf.Tensor,
          logits as tf.Tensor,
          indices as tf.Tensor,
          attrs
        );
      const inputs = {dw, dp, indices, probabilities, ...(attrs.weights !== "sigmoid" && {weights})};
      return gradKernel(inputs as Record<string, tf.Tensor>, attrs)[0] as tf.Tensor;
    },
    bias: () => tf.zeros([(logits as tf.Tensor).shape[1] as number])
  })
});

/** The gradient in ordinary operations, for a gradient of the gradient. */
function differentiable(
  dw: tf.Tensor,
  dp: tf.Tensor,
  logits: tf.Tensor,
  indices: tf.Tensor,
  {weights: mode}: RouteAttrs
): tf.Tensor {
  const experts = logits.shape[1] as number;
  const p = isSigmoid(mode) ? tf.sigmoid(logits) : tf.softmax(logits);
  const place = (values: tf.Tensor) => placeRows(values, indices, experts);
  const slopes = isRenormalised(mode) ? dp : tf.add(dp, place(dw));
  const centred = (values: tf.Tensor, shares: tf.Tensor) =>
    tf.mul(shares, tf.sub(values, tf.sum(tf.mul(values, shares), 1, true)));
  const all = isSigmoid(mode) ? tf.mul(tf.mul(p, tf.sub(1, p)), slopes) : centred(slopes, p);
  if (!isRenormalised(mode)) return all;
  const chosen = takeRows(isSigmoid(mode) ? tf.logSigmoid(logits) : logits, indices);
  const own = centred(dw, tf.softmax(chosen));
  return tf.add(all, place(isSigmoid(mode) ? tf.mul(own, tf.sub(1, takeRows(p, indices))) : own));
}
