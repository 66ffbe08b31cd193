import {type ActivationName, activationOf} from "../../core/activations.ts";
import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import {type Initializer, lecunNormal, zeros} from "../../core/initializers.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import type {Known} from "../options.ts";
import {type ExpertLinear, groupedLinear, withRows} from "../rows.ts";
import type {Expert} from "./expert.ts";

export interface NestedExpertOptions {
  /** Hidden units of the largest expert. */
  hidden: number;
  /** The share of features and hidden units that each expert has, above 0 and at most 1: [1, 0.5, 0.25] for three. */
  shares: readonly number[];
  /** ReLU by default. */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Leave the biases out with false. */
  bias?: boolean;
  kernelInit?: Initializer;
}

const OPTIONS: Known<NestedExpertOptions> = {
  hidden: true,
  shares: true,
  activation: true,
  bias: true,
  kernelInit: true
};

type Linear = {kernel: Tensor; bias?: Tensor};

/** One network for all: in kernel [features, hidden], out kernel [hidden, features]. */
export type NestedExpertParams = {in: Linear; out: Linear};

/**
 * Experts that are prefixes of one network (Mixture of Nested Experts, Jain et al. 2024): expert e reads the first share of the features, computes
 * with the first share of the hidden units and writes the first share of the outputs, zeros behind. Parameters are those of the largest alone, so
 * they have no axis of experts. Throws an ArgumentError unless there is a share for each expert.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {mlpExpert, moe, nestedExpert, topKRouter} from "petri/moe";
 *
 * const expert = nestedExpert({hidden: 32, shares: [1, 0.5, 0.25]});
 * const layer = moe({experts: 3, router: topKRouter({k: 1}), expert});
 * display(layer.init(key(0), [8]).experts.in.kernel.shape);
 */
export function nestedExpert(options: NestedExpertOptions): Expert<NestedExpertParams> {
  checkOptions("nestedExpert", options, OPTIONS);
  const {hidden, shares, activation = "relu", bias = true, kernelInit = lecunNormal} = options;
  checkCount("hidden", hidden);
  activationOf(activation);
  if (!Array.isArray(shares) || shares.length === 0 || shares.some((share) => !(share > 0 && share <= 1)))
    throw new ArgumentError(
      `shares must be a list of numbers above 0 and at most 1, one for each expert, got ${Array.isArray(shares) ? `[${shares.join(", ")}]` : shares}.`
    );
  return {
    name: "nestedExpert",
    init(key, {experts, features}) {
      if (experts !== shares.length)
        throw new ArgumentError(
          `nestedExpert has ${shares.length} shares for ${experts} experts. Pass a share for each expert.`
        );
      const linear = (from: number, to: number, part: number): Linear => ({
        kernel: kernelInit(key.fold(part), [from, to]),
        ...(bias && {bias: zeros(key, [to])})
      });
      return {in: linear(features, hidden, 0), out: linear(hidden, features, 1)};
    },
    flops(features) {
      const mean = shares.reduce((sum, share) => sum + share * share, 0) / shares.length;
      return Math.round(4 * hidden * features * mean);
    },
    apply: (params, rows) =>
      tidy(() => {
        const inner = groupedLinear(rows, prefixes(params.in, shares), activation);
        return groupedLinear(withRows(rows, inner), prefixes(params.out, shares));
      })
  };
}

/** The kernel and bias of each expert: those of all with zeros behind its share of inputs and outputs. */
function prefixes({kernel, bias}: Linear, shares: readonly number[]): ExpertLinear {
  const [inputs, outputs] = kernel.shape as [number, number];
  const isOut = firstOnes(shares, outputs);
  const isIn = tf.expandDims(firstOnes(shares, inputs), 2);
  const stacked = tf.mul(tf.mul(tf.expandDims(kernel, 0), isIn), tf.expandDims(isOut, 1));
  return {kernel: stacked, ...(bias && {bias: tf.mul(bias, isOut)})};
}

/** 1 in the first share of places, at least one, 0 behind: [shares, size]. */
function firstOnes(shares: readonly number[], size: number): Tensor {
  const counts = shares.map((share) => Math.max(1, Math.round(share * size)));
  const ones = counts.flatMap((count) => Array.from({length: size}, (_, i) => (i < count ? 1 : 0)));
  return tf.tensor2d(ones, [shares.length, size]);
}
