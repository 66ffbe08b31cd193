// Which tokens get how much of a network whose parts lie in each other: the largest takes its best tokens first.
import {sumTableRows, takeTableRows} from "../../../gpu/kernels/rows.ts";
import {topK} from "../../../gpu/kernels/top-k.ts";
import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

/** Shares of tokens, the smallest expert first; they sum to 1. */
export type NestedCapacities = readonly number[];

/** Names under which a layer leaves its decision for those after it. */
export const NESTED_ORDER = "nestedOrder";
export const NESTED_PROBABILITIES = "nestedProbabilities";

/**
 * Shares of tokens for nested experts, the smallest first, that together cost a share `budget` of the whole network, expert i of E
 * costing 2^(i + 1 - E) (Jain et al. 2024): those of largest sum_i c_i delta^i + beta entropy(c). With delta above 1 larger
 * experts are preferred, and with a large beta all are used. Throws where the budget is not between the costs of the
 * smallest expert and of the largest.
 *
 * @example
 * import {nestedCapacities} from "petri/moe";
 *
 * display(Inputs.table([0.3, 0.5, 0.7, 0.9].map((budget) => ({budget, shares: nestedCapacities(budget).map((share) => share.toFixed(3)).join(" ")}))));
 */
export function nestedCapacities(
  budget: number,
  options: {experts?: number; delta?: number; beta?: number} = {}
): number[] {
  checkOptions("nestedCapacities", options, {experts: true, delta: true, beta: true});
  const {experts = 3, delta = 2, beta = 10} = options;
  checkCount("experts", experts, 2);
  checkNumber("delta", delta, 0);
  checkNumber("beta", beta, 1e-6);
  const costs = Array.from({length: experts}, (_, i) => 2 ** (i + 1 - experts));
  checkNumber("budget", budget, costs[0], 1);
  // The largest value has c_i ~ exp((delta^i + m cost_i) / beta), and the cost grows with m.
  const sharesAt = (m: number) => softmaxOf(costs.map((cost, i) => (delta ** i + m * cost) / beta));
  const costAt = (m: number) => sharesAt(m).reduce((sum, share, i) => sum + share * (costs[i] as number), 0);
  let [low, high] = [-1, 1];
  while (costAt(low) > budget && low > -1e9) low *= 2;
  while (costAt(high) < budget && high < 1e9) high *= 2;
  for (let i = 0; i < 200; ++i) {
    const middle = (low + high) / 2;
    if (costAt(middle) < budget) low = middle;
    else high = middle;
  }
  return sharesAt(high);
}

function softmaxOf(logits: number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Throws unless there is a share for each of at least two experts, and all sum to 1. */
export function checkCapacities(capacities: NestedCapacities): void {
  if (!Array.isArray(capacities) || capacities.length < 2)
    throw new ArgumentError(
      "capacities must be shares of tokens for two experts or more, the smallest first, as nestedCapacities(0.5) gives them."
    );
  for (const share of capacities) checkNumber("A share of capacities", share, 0, 1);
  const sum = capacities.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-6)
    throw new ArgumentError(`capacities must sum to 1, got ${capacities.join(", ")}, whose sum is ${sum}.`);
}

/** Tokens of each expert, the smallest first: the whole part of its share, and the smallest takes what is left. */
export function nestedCounts(capacities: NestedCapacities, tokens: number): number[] {
  const larger = capacities.slice(1).map((share) => Math.floor(share * tokens + 1e-6));
  return [tokens - larger.reduce((sum, count) => sum + count, 0), ...larger];
}

/** A decision about tokens [batch, tokens]. */
export interface NestedRouting {
  /** int32 [batch tokens]: the tokens as experts take them, all examples of the largest expert first. */
  order: Tensor;
  /** [batch tokens, 1], in that order: how probable the expert is that took each. */
  probabilities: Tensor;
}

/**
 * Experts take tokens in turn, the largest first, each those of largest probability among the ones that are left (ties by the lower
 * index), as many as its share of an example's tokens. Probabilities [batch, tokens, experts], the smallest expert first.
 */
export function takeInTurn(probabilities: Tensor, capacities: NestedCapacities): NestedRouting {
  return tidy(() => {
    const [batch, tokens, experts] = probabilities.shape as [number, number, number];
    const counts = nestedCounts(capacities, tokens);
    const flat = tf.reshape(probabilities, [batch * tokens, experts]);
    const first = tf.expandDims(tf.range(0, batch * tokens, tokens, "int32"), 1);
    let taken: Tensor = tf.zeros([batch, tokens]);
    const parts: NestedRouting[] = [];
    for (let expert = experts - 1; expert >= 0; --expert) {
      const count = counts[expert] as number;
      if (count === 0) continue;
      const column = tf.reshape(tf.slice(flat, [0, expert], [-1, 1]), [batch, tokens]);
      // Probabilities are not negative: what is taken comes behind all others.
      const {indices} = topK(tf.sub(stopGradient(column), tf.mul(taken, 2)), count);
      const order = tf.reshape(tf.add(indices, first), [-1]);
      parts.push({
        order,
        probabilities: takeTableRows(tf.reshape(column, [-1, 1]), order)
      });
      const own = sumTableRows(tf.ones([batch * count, 1]), order, batch * tokens);
      taken = tf.add(taken, tf.reshape(own, [batch, tokens]));
    }
    return {
      order: joined(parts.map((part) => part.order)),
      probabilities: joined(parts.map((part) => part.probabilities))
    };
  });
}

const joined = (parts: Tensor[]): Tensor => (parts.length === 1 ? (parts[0] as Tensor) : tf.concat(parts, 0));
