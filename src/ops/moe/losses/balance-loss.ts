import {ArgumentError, ShapeError} from "../../core/errors.ts";
import {stopGradient} from "../../core/stop-gradient.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {choiceCounts} from "../capacity.ts";
import {checkStretches, choicesOf} from "../options.ts";
import type {Choices} from "../routing.ts";
import {checkBalance} from "./loss-options.ts";

export interface BalanceLossOptions {
  /**
   * "switch" (the default; Fedus et al. 2021, Flaxformer, Mixtral): E sum_e f_e P_e, f the share of tokens that have e among their
   * choices, P the mean probability: k where all is balanced. "megablocks": the same over k. "gshard": first choices alone (Tutel, ST-MoE).
   */
  convention?: "switch" | "megablocks" | "gshard";
  /** The mean over so many stretches of equal length; 1 by default. */
  groups?: number;
}

/**
 * How unevenly tokens are spread over experts: small where each expert gets as many. f counts, so only P has a gradient. For routings with
 * probabilities, before a capacity is kept. A scalar.
 *
 * @example
 * import {balanceLoss} from "petri/moe";
 * import {softmax, tf} from "petri/core";
 *
 * const probabilities = softmax(tf.tensor2d([[2, 0], [2, 0], [2, 0], [0, 2]]));
 * const indices = tf.tensor2d([0, 0, 0, 1], [4, 1], "int32");
 * display(balanceLoss({kind: "choices", experts: 2, indices, weights: tf.ones([4, 1]), probabilities}).arraySync());
 */
export function balanceLoss(routing: Choices, options: BalanceLossOptions = {}): Tensor {
  checkBalance(options);
  const {convention = "switch", groups = 1} = options;
  const {experts, indices} = choicesOf(routing, "balanceLoss");
  checkStretches(indices.shape[0] as number, groups);
  return tidy(() => {
    const shares = chosenShares(routing, groups, convention === "gshard");
    const loss = tf.mul(tf.mean(tf.mul(shares, meanProbabilities(routing, groups))), experts * experts);
    return convention === "megablocks" ? tf.div(loss, routing.indices.shape[1] as number) : loss;
  });
}

/** The share of tokens that chose each expert, [groups, experts]. */
function chosenShares({indices, experts}: Choices, groups: number, firstOnly: boolean): Tensor {
  const [tokens] = indices.shape as [number, number];
  const used = firstOnly ? tf.slice(indices, [0, 0], [tokens, 1]) : indices;
  const first = tf.reshape(tf.range(0, experts * groups, experts, "int32"), [groups, 1]);
  const byGroup = tf.reshape(used, [groups, used.size / groups]);
  const isNone = tf.less(byGroup, tf.scalar(0, "int32"));
  const counts = choiceCounts({
    indices: tf.where(isNone, byGroup, tf.add(byGroup, first)),
    experts: experts * groups
  });
  return tf.div(tf.reshape(counts, [groups, experts]), Math.max(1, tokens / groups));
}

/** The mean probability of each expert, [groups, experts]. */
function meanProbabilities(routing: Choices, groups: number): Tensor {
  const probabilities = probabilitiesOf(routing, "balanceLoss");
  const [tokens, experts] = probabilities.shape as [number, number];
  const each = tokens / groups;
  return tf.div(tf.sum(tf.reshape(probabilities, [groups, each, experts]), 1), Math.max(1, each));
}

/** The probabilities of a routing. Throws where the router has none. */
export function probabilitiesOf({probabilities}: {probabilities?: Tensor}, name: string): Tensor {
  if (probabilities) return probabilities;
  throw new ArgumentError(
    `${name} needs the probabilities of a router that learns. Leave this loss out: a hash has nothing to be balanced.`
  );
}

/**
 * The balance loss with shares counted over more than this batch (Qiu et al. 2025; GRIN): E sum_e f_e P_e with f = counts over their sum
 * times k, so that a batch of one kind of text may use its own experts. `counts` [experts] are tokens of each expert, of all
 * micro-batches so far, say.
 */
export function globalBalanceLoss(routing: Choices, counts: Tensor): Tensor {
  const {experts} = choicesOf(routing, "globalBalanceLoss");
  if (counts.size !== experts)
    throw new ShapeError(
      `globalBalanceLoss: expected counts [${experts}], one for each expert, got [${counts.shape.join(", ")}].`
    );
  return tidy(() => {
    const k = routing.indices.shape[1] as number;
    const seen = stopGradient(counts);
    const shares = tf.div(tf.mul(seen, k), tf.maximum(tf.sum(seen), 1e-9));
    const means = tf.mean(probabilitiesOf(routing, "globalBalanceLoss"), 0);
    return tf.mul(tf.sum(tf.mul(shares, means)), experts);
  });
}
