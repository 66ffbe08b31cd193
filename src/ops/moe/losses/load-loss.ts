import {topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError} from "../../core/errors.ts";
import {softmax} from "../../core/softmax.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {choicesOf} from "../options.ts";
import type {Choices} from "../routing.ts";
import {type SpreadOptions, squaredVariation} from "./importance-loss.ts";
import {checkLoad} from "./loss-options.ts";

export interface LoadLossOptions extends SpreadOptions {
  /**
   * Which noisy logit an expert has to beat. "shazeer" (the default; Shazeer et al. 2017): the k-th largest of the others. "vmoe": the
   * k-th largest of all. "tutel": as "vmoe", but the probability without noise is set against it, as Tutel computes.
   */
  convention?: "shazeer" | "vmoe" | "tutel";
}

/**
 * The probability that each expert is among the k chosen of a token if its noise were drawn again, [tokens, experts]: a load with a
 * gradient. For routings with `noise` (noisyTopKRouter). Throws an ArgumentError for others, and for "shazeer" where all experts are chosen.
 *
 * @example
 * import {key, random} from "petri/core";
 * import {noisyTopKRouter, selectionProbability} from "petri/moe";
 *
 * const router = noisyTopKRouter({k: 1});
 * const shape = {features: 3, experts: 4};
 * const x = random.normal(key(1), [5, 3]);
 * const routing = router.route(router.init(key(0), shape), x, shape, {training: true, key: key(2)});
 * display(Inputs.table(selectionProbability(routing).arraySync()));
 */
export function selectionProbability(routing: Choices, options: LoadLossOptions = {}): Tensor {
  checkLoad(options);
  const {convention = "shazeer"} = options;
  const {logits, noise, indices} = choicesOf(routing, "loadLoss");
  if (!logits || !noise)
    throw new ArgumentError(
      "The load of a routing needs its noise: use noisyTopKRouter while training, or balanceLoss for a router without noise."
    );
  return tidy(() => {
    const k = indices.shape[1] as number;
    const threshold =
      convention === "shazeer" ? thresholdOfOthers(logits, k) : lastColumn(topK(logits, k).values);
    const clean = convention === "tutel" ? softmax(noise.clean) : noise.clean;
    return normalBelow(tf.div(tf.sub(clean, threshold), noise.deviation));
  });
}

/** How unequal the expected loads are (the sums over tokens of selectionProbability), as squared variation. A scalar. */
export function loadLoss(routing: Choices, options: LoadLossOptions = {}): Tensor {
  const {variance = "unbiased"} = options;
  return tidy(() => squaredVariation(tf.sum(selectionProbability(routing, options), 0), {variance}));
}

/** The k-th largest logit of the other experts: the (k+1)-th largest of all for the k chosen, the k-th for the others. */
function thresholdOfOthers(logits: Tensor, k: number): Tensor {
  const experts = logits.shape[1] as number;
  if (k >= experts)
    throw new ArgumentError(
      `loadLoss: all ${experts} experts are chosen, so their load is no chance. Choose fewer, or leave this loss out.`
    );
  const {values} = topK(logits, k + 1);
  const [inside, outside] = [lastColumn(values), tf.slice(values, [0, k - 1], [-1, 1])];
  const isIn = tf.cast(tf.greater(logits, inside), "float32");
  return tf.add(tf.mul(isIn, inside), tf.mul(tf.sub(1, isIn), outside));
}

const lastColumn = (x: Tensor) => tf.slice(x, [0, (x.shape[1] as number) - 1], [-1, 1]);

/** The normal distribution function. */
const normalBelow = (x: Tensor) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
