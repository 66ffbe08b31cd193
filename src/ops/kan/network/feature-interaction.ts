import {ArgumentError, checkNumber} from "../../core/errors.ts";
import type {KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {attribute} from "./attribute.ts";
import {deviationsOf} from "./deviations.ts";
import {forward} from "./forward.ts";
import {makePass, takeInputs} from "./pass.ts";
import {countInputs, type Numbers} from "./samples.ts";
import {diagonal, scoresBelow} from "./scores.ts";

/** Inputs that meet in the same nodes. */
export interface FeatureGroup {
  /** Which inputs of the network, ascending. */
  readonly features: readonly number[];
  /** The nodes of the level that depend on these and on no others. */
  readonly nodes: readonly number[];
}

/** What counts in `featureInteraction`. */
export interface FeatureInteractionOptions {
  /** Nodes count whose largest score by an input is above this, 0.01 by default. */
  nodes?: number;
  /** Inputs count with a node when they score more than this share of its largest score, 0.01 by default. */
  features?: number;
}

/**
 * Which inputs act together (pykan's feature_interaction): the nodes of a level by the inputs that they depend on, as
 * attribution has it for inputs [samples, inputs], the groups with most nodes first. Level 0 are the inputs.
 * @throws ArgumentError, ShapeError
 *
 * @example
 * import {featureInteraction, kanNetwork, pruneEdges} from "petri/kan";
 * import {key} from "petri/core";
 *
 * const inputs = key(1).uniform(600, -1, 1);
 * const network = pruneEdges(kanNetwork({width: [3, 4, 1], seed: 2}), inputs, 0.1);
 * display(featureInteraction(network, inputs, 1));
 */
export function featureInteraction(
  network: KanNetwork,
  inputs: Numbers,
  level: number,
  options: FeatureInteractionOptions = {}
): FeatureGroup[] {
  checkOptionNames("featureInteraction", options, {nodes: true, features: true});
  const {nodes: leastNode = 1e-2, features: leastShare = 1e-2} = options;
  checkNumber("The threshold of nodes", leastNode, 0);
  checkNumber("The threshold of features", leastShare, 0, 1);
  const {rows, scores} = scoresByInput(network, inputs, level);
  const width = scores.length / rows;
  const groups = new Map<string, {features: number[]; nodes: number[]}>();
  for (let node = 0; node < rows; ++node) {
    const own = scores.subarray(node * width, (node + 1) * width);
    const largest = own.reduce((a, b) => Math.max(a, b), 0);
    if (!(largest > leastNode)) continue;
    const features = [...own.keys()].filter((i) => (own[i] as number) > largest * leastShare);
    const group = groups.get(features.join()) ?? {features, nodes: []};
    group.nodes.push(node);
    groups.set(features.join(), group);
  }
  return [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

/** What each node of a level owes to each input, by what the node itself is worth: [nodes, inputs]. */
function scoresByInput(network: KanNetwork, inputs: Numbers, level: number) {
  const last = network.layers.length;
  if (!Number.isInteger(level) || level < 1 || level > last)
    throw new ArgumentError(
      `level must be one of the levels above the inputs, 1 to ${last}, got ${String(level)}.`
    );
  const worth = attribute(network, inputs).nodes[level] as Float64Array;
  const pass = makePass(network, countInputs(network, inputs), {edges: true});
  takeInputs(pass, inputs);
  forward(network, pass);
  const {rows, nodes} = scoresBelow(network, deviationsOf(network, pass), level, diagonal(worth));
  return {rows, scores: nodes[0] as Float64Array};
}
