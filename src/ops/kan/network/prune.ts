import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {attribute, type KanScores} from "./attribute.ts";
import {countInputs, type Numbers} from "./samples.ts";
import {withNodes} from "./subset.ts";

/** What scores too little to stay, by `attribute`. */
export interface KanPruneOptions {
  /** Hidden nodes stay with a score above this, 0.01 by default. */
  nodes?: number;
  /** Edges stay with a score above this, 0.03 by default. */
  edges?: number;
}

/**
 * The network without the hidden nodes that hardly matter for inputs [samples, inputs], and then, by the scores of what is left,
 * without the numeric parts of such edges (pykan's prune). Symbolic parts stay. @throws ArgumentError, ShapeError
 *
 * @example
 * import {attribute, kanNetwork, prune} from "petri/kan";
 * import {key} from "petri/core";
 *
 * const inputs = key(1).uniform(200, -1, 1);
 * const network = kanNetwork({width: [2, 5, 1], seed: 7});
 * display(attribute(network, inputs).nodes[1]);
 * display(prune(network, inputs, {nodes: 0.15}).levels);
 */
export function prune(network: KanNetwork, inputs: Numbers, options: KanPruneOptions = {}): KanNetwork {
  checkOptionNames("prune", options, {nodes: true, edges: true});
  const {nodes = 1e-2, edges = 3e-2} = options;
  return pruneEdges(pruneNodes(network, inputs, nodes), inputs, edges);
}

/** The first half of `prune`: hidden nodes alone. @throws ArgumentError, ShapeError */
export function pruneNodes(network: KanNetwork, inputs: Numbers, threshold = 1e-2): KanNetwork {
  checkNumber("The threshold of nodes", threshold, 0);
  const {nodes} = scoresOf(network, inputs);
  const last = network.levels.length - 1;
  const kept = nodes.map((scores, l) =>
    l === 0 || l === last ? [...scores.keys()] : above(scores, threshold, `hidden node of level ${l}`)
  );
  return withNodes(network, kept);
}

/** The second half of `prune`: edges alone. @throws ArgumentError, ShapeError */
export function pruneEdges(network: KanNetwork, inputs: Numbers, threshold = 3e-2): KanNetwork {
  checkNumber("The threshold of edges", threshold, 0);
  const {edges} = scoresOf(network, inputs);
  const layers = network.layers.map((layer, l) => ({
    ...layer,
    mask: layer.mask.map((mask, e) => ((edges[l]?.[e] as number) > threshold ? mask : 0))
  }));
  return {...network, layers};
}

/**
 * The network without the inputs that hardly matter, and which inputs it still takes (pykan's prune_input): give it those
 * columns of the data. @throws ArgumentError, ShapeError
 */
export function pruneInput(
  network: KanNetwork,
  inputs: Numbers,
  threshold = 1e-2
): {network: KanNetwork; kept: number[]} {
  checkNumber("The threshold of inputs", threshold, 0);
  const {nodes} = scoresOf(network, inputs);
  const kept = nodes.map((scores, l) => (l === 0 ? above(scores, threshold, "input") : [...scores.keys()]));
  return {network: withNodes(network, kept), kept: kept[0] as number[]};
}

/** Scores are made of deviations, and one sample has none. */
function scoresOf(network: KanNetwork, inputs: Numbers): KanScores {
  if (countInputs(network, inputs) > 1) return attribute(network, inputs);
  throw new ArgumentError(
    "What matters in a network shows by how its parts change from sample to sample: pass two rows of inputs at least, got 1."
  );
}

function above(scores: Float64Array, threshold: number, what: string): number[] {
  const kept = [...scores.keys()].filter((i) => (scores[i] as number) > threshold);
  if (kept.length > 0) return kept;
  throw new ArgumentError(
    `No ${what} scores above ${threshold}, the highest has ${Math.max(...scores).toPrecision(3)}: ` +
      "pass a lower threshold, or train further."
  );
}
