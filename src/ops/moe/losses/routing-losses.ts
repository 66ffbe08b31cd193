import {ArgumentError, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Tensor, tf} from "../../tf.ts";
import type {Choices, Routing} from "../routing.ts";
import {type BalanceLossOptions, balanceLoss, globalBalanceLoss, probabilitiesOf} from "./balance-loss.ts";
import {importanceLoss, type SpreadOptions} from "./importance-loss.ts";
import {type LoadLossOptions, loadLoss} from "./load-loss.ts";
import {
  type ChunkSparsityLossOptions,
  chunkSparsityLoss,
  type LocalityLossOptions,
  localityLoss
} from "./sparsity-losses.ts";
import {zLoss} from "./z-loss.ts";

type Weighted<Options> = number | (Options & {weight: number});

/** What training makes small besides the task's loss: a weight for each, or a weight with options. */
export interface RoutingLosses {
  /** balanceLoss; 0.01 in Switch Transformers. */
  balance?: Weighted<BalanceLossOptions>;
  /** globalBalanceLoss over this batch and those before, whose counts fade by `memory` with each step (0.9 by default). */
  globalBalance?: Weighted<{memory?: number}>;
  /** zLoss; 0.001 in ST-MoE. */
  z?: number;
  /** importanceLoss of the probabilities. */
  importance?: Weighted<SpreadOptions>;
  /** loadLoss, for noisyTopKRouter. */
  load?: Weighted<LoadLossOptions>;
  /** localityLoss. */
  locality?: Weighted<LocalityLossOptions>;
  /** chunkSparsityLoss of the probabilities. */
  chunkSparsity?: Weighted<ChunkSparsityLossOptions>;
}

/** What a loss may need besides the routing. */
interface LossContext {
  /** Stretches of tokens that are balanced by themselves. */
  groups: number;
  /** Tokens of each expert so far, [experts]. */
  counts?: Tensor | undefined;
}

type LossName = keyof RoutingLosses;
type Compute = (routing: Routing, options: object, context: LossContext) => Tensor;

const LOSSES: Record<LossName, Compute> = {
  balance: (routing, options, {groups}) => balanceLoss(choicesOf(routing, "balance"), {groups, ...options}),
  globalBalance: (routing, _options, {counts}) =>
    globalBalanceLoss(choicesOf(routing, "globalBalance"), counts as Tensor),
  z: (routing) => zLoss(logitsOf(routing, "z")),
  importance: (routing, options) => importanceLoss(probabilitiesOf(routing, "importance"), options),
  load: (routing, options) => loadLoss(choicesOf(routing, "load"), options),
  locality: (routing, options) => localityLoss(logitsOf(routing, "locality"), options),
  chunkSparsity: (routing, options) => chunkSparsityLoss(probabilitiesOf(routing, "chunkSparsity"), options)
};

/** Throws unless all are losses that there are, with weights. */
export function checkLosses(losses: RoutingLosses): void {
  checkOptions("losses", losses, LOSSES as unknown as Record<string, true>);
  for (const name of Object.keys(losses) as LossName[])
    checkNumber(`losses.${name}`, weightOf(losses, name), 0);
}

/** The weighted losses of a routing, scalars, in the order in which they are named. */
export function routingLosses(routing: Routing, losses: RoutingLosses, context: LossContext): Tensor[] {
  const names = (Object.keys(losses) as LossName[]).filter((name) => weightOf(losses, name) > 0);
  return names.map((name) =>
    tf.mul(LOSSES[name](routing, optionsOf(losses, name), context), weightOf(losses, name))
  );
}

const weightOf = (losses: RoutingLosses, name: LossName): number => {
  const given = losses[name];
  return typeof given === "object" ? given.weight : (given as number);
};

function optionsOf(losses: RoutingLosses, name: LossName): object {
  const given = losses[name];
  if (typeof given !== "object") return {};
  const {weight: _weight, ...options} = given;
  return options;
}

function choicesOf(routing: Routing, name: string): Choices {
  if (routing.kind === "choices") return routing;
  throw new ArgumentError(
    `losses.${name} is about tokens that choose. Leave it out where experts choose: their loads are even.`
  );
}

function logitsOf({logits}: Routing, name: string): Tensor {
  if (logits) return logits;
  throw new ArgumentError(`losses.${name} needs the logits of a router that learns. Leave this loss out.`);
}
