import {ArgumentError, checkNumber, checkOptions} from "../../core/errors.ts";
import {softmax} from "../../core/softmax.ts";
import {type Tensor, tf} from "../../tf.ts";
import {checkWord, choicesOf} from "../options.ts";
import type {Routing} from "../routing.ts";
import {type BalanceLossOptions, balanceLoss, globalBalanceLoss, probabilitiesOf} from "./balance-loss.ts";
import {gatesOf, importanceLoss, type SpreadOptions} from "./importance-loss.ts";
import {type LoadLossOptions, loadLoss} from "./load-loss.ts";
import {checkBalance, checkChunkSparsity, checkLoad, checkLocality, checkSpread} from "./loss-options.ts";
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
  /**
   * importanceLoss of "probabilities" (the default), of the "gates" of the chosen (Shazeer et al. 2017), or of the probabilities that logits
   * have without noise ("clean": V-MoE, Tutel).
   */
  importance?: Weighted<ImportanceOptions>;
  /** loadLoss, for noisyTopKRouter. */
  load?: Weighted<LoadLossOptions>;
  /** localityLoss; every example is a sequence where `sequences` is left out. */
  locality?: Weighted<LocalityLossOptions>;
  /** chunkSparsityLoss of the probabilities. */
  chunkSparsity?: Weighted<ChunkSparsityLossOptions>;
}

/** What a loss may need besides the routing. */
interface LossContext {
  /** Stretches of tokens that are balanced by themselves. */
  groups: number;
  /** Examples, where they have several tokens; else 1. */
  sequences: number;
  /** Tokens of each expert so far, [experts]. */
  counts?: Tensor | undefined;
}

type LossName = keyof RoutingLosses;
type ImportanceOptions = SpreadOptions & {of?: "probabilities" | "gates" | "clean"};

/** A loss, and what throws for options that it does not have. */
interface Loss {
  check(options: object): void;
  compute(routing: Routing, options: object, context: LossContext): Tensor;
}

const LOSSES: Record<LossName, Loss> = {
  balance: {
    check: checkBalance,
    compute: (routing, options, {groups}) =>
      balanceLoss(choicesOf(routing, "losses.balance"), {groups, ...options})
  },
  globalBalance: {
    check(options: {memory?: number}) {
      checkOptions("losses.globalBalance", options, {memory: true});
      checkNumber("memory", options.memory ?? 0.9, 0, 1);
    },
    compute: (routing, _options, {counts}) =>
      globalBalanceLoss(choicesOf(routing, "losses.globalBalance"), counts as Tensor)
  },
  z: {
    check: (options) => checkOptions("losses.z", options, {weight: true}),
    compute: (routing) => zLoss(logitsOf(routing, "z"))
  },
  importance: {
    check({of = "probabilities", ...options}: ImportanceOptions) {
      checkWord("losses.importance.of", of, ["probabilities", "gates", "clean"]);
      checkSpread(options);
    },
    compute(routing, {of, ...options}: ImportanceOptions) {
      return importanceLoss(sharesOf(routing, of), options);
    }
  },
  load: {
    check: checkLoad,
    compute: (routing, options) => loadLoss(choicesOf(routing, "losses.load"), options)
  },
  locality: {
    check: checkLocality,
    compute: (routing, options, {sequences}) =>
      localityLoss(logitsOf(routing, "locality"), {sequences, ...options})
  },
  chunkSparsity: {
    check: checkChunkSparsity,
    compute: (routing, options) =>
      chunkSparsityLoss(probabilitiesOf(routing, "losses.chunkSparsity"), options)
  }
};

/** Throws unless all are losses that there are, with weights. */
export function checkLosses(losses: RoutingLosses): void {
  checkOptions("losses", losses, LOSSES as unknown as Record<string, true>);
  for (const name of Object.keys(losses) as LossName[]) {
    checkNumber(`losses.${name}`, weightOf(losses, name), 0);
    LOSSES[name].check(optionsOf(losses, name));
  }
}

/** The weighted losses of a routing, scalars, in the order in which they are named. */
export function routingLosses(routing: Routing, losses: RoutingLosses, context: LossContext): Tensor[] {
  const names = (Object.keys(losses) as LossName[]).filter((name) => weightOf(losses, name) > 0);
  return names.map((name) =>
    tf.mul(LOSSES[name].compute(routing, optionsOf(losses, name), context), weightOf(losses, name))
  );
}

const weightOf = (losses: RoutingLosses, name: LossName): number => {
  const given = losses[name];
  return typeof given === "object" ? given?.weight : (given as number);
};

function optionsOf(losses: RoutingLosses, name: LossName): object {
  const given = losses[name];
  if (typeof given !== "object") return {};
  const {weight: _weight, ...options} = given;
  return options;
}

/** What importance is the sum of, [tokens, experts]. */
function sharesOf(routing: Routing, of: ImportanceOptions["of"]): Tensor {
  if (of === "gates") return gatesOf(choicesOf(routing, "losses.importance of gates"));
  if (of === "clean" && routing.noise) return softmax(routing.noise.clean);
  return probabilitiesOf(routing, "losses.importance");
}

function logitsOf({logits}: Routing, name: string): Tensor {
  if (logits) return logits;
  throw new ArgumentError(`losses.${name} needs the logits of a router that learns. Leave this loss out.`);
}
