import type {Routing} from "./routing.ts";
import {checkWeights} from "./weights.ts";

/** What a routing comes to, as plain numbers. */
export interface RoutingCounts {
  /** Tokens that each expert computes. */
  load: number[];
  /** Tokens that chose each expert before capacities were kept. */
  offered: number[];
  /** The share of choices that capacities dropped. */
  dropped: number;
  /** The share of tokens that no expert computes. */
  unrouted: number;
  /** The entropy of the load over that of an even one: 1 where all experts are used alike, 0 where one has all. */
  evenness: number;
}

/**
 * Counts a routing: the load of each expert, what was dropped, tokens without an expert. Throws an ArgumentError that names the token where
 * a weight is no number, which comes of logits that are NaN or infinite: in training and on WebGPU this is where they are told.
 *
 * @example
 * import {limitCapacity, countRouting} from "petri/moe";
 * import {tf} from "petri/core";
 *
 * const indices = tf.tensor2d([0, 0, 0, 1], [4, 1], "int32");
 * const routing = {kind: "choices", experts: 2, indices, weights: tf.ones([4, 1])};
 * display(await countRouting(limitCapacity(routing, 2)));
 */
export async function countRouting(routing: Routing, tokens?: number): Promise<RoutingCounts> {
  const weights = await routing.weights.data();
  const ids = await (routing.kind === "choices" ? routing.indices : routing.tokens).data();
  checkWeights({weights, ids, kind: routing.kind}, routing.weights.shape[1] as number, "This routing");
  const {load, seen, count} = counted(routing, ids, tokens);
  const offered =
    routing.kind === "choices" && routing.offered ? Array.from(await routing.offered.data()) : load;
  const [kept, asked] = [sum(load), sum(offered)];
  return {
    load,
    offered,
    dropped: asked > 0 ? 1 - kept / asked : 0,
    unrouted: count > 0 ? 1 - seen / count : 0,
    evenness: evennessOf(load)
  };
}

/** Loads, tokens with an expert, and all tokens. */
function counted(routing: Routing, ids: ArrayLike<number>, tokens: number | undefined) {
  const isChoices = routing.kind === "choices";
  const width = (isChoices ? routing.indices : routing.tokens).shape[1] as number;
  const load = new Array<number>(routing.experts).fill(0);
  const seen = new Set<number>();
  for (let i = 0; i < ids.length; ++i) {
    const id = ids[i] as number;
    if (id < 0) continue;
    const row = Math.floor(i / width);
    const expert = isChoices ? id : row;
    load[expert] = (load[expert] as number) + 1;
    seen.add(isChoices ? row : id);
  }
  return {load, seen: seen.size, count: tokens ?? tokensOf(routing)};
}

/** All tokens, as far as the routing tells. */
function tokensOf(routing: Routing): number {
  const all = routing.kind === "choices" ? routing.indices : (routing.probabilities ?? routing.logits);
  return all?.shape[0] ?? 0;
}

function evennessOf(load: readonly number[]): number {
  const all = sum(load);
  if (all === 0 || load.length < 2) return 1;
  const entropy = load.reduce(
    (so, count) => (count > 0 ? so - (count / all) * Math.log(count / all) : so),
    0
  );
  return entropy / Math.log(load.length);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
