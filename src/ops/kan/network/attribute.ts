import type {KanNetwork} from "../network.ts";
import {deviationsOf} from "./deviations.ts";
import {forward} from "./forward.ts";
import {makePass, takeInputs} from "./pass.ts";
import {outputScores} from "./penalty.ts";
import {countInputs, type Numbers} from "./samples.ts";
import {meanOfRows} from "./scores.ts";

/** How much parts of a network matter for its outputs; the mean over the outputs. */
export interface KanScores {
  /** For each level from the inputs, a score for each node. The first are the inputs' own. */
  readonly nodes: readonly Float64Array[];
  /** For each layer, [inputs, outputs]. */
  readonly edges: readonly Float64Array[];
  /** For each layer, a score for each subnode. */
  readonly subnodes: readonly Float64Array[];
}

/**
 * Attribution (pykan's attribute): an output is worth 1, and what a node is worth is shared among the edges into it by their
 * standard deviations over the inputs [samples, inputs], relative to the node's. @throws ShapeError, ArgumentError
 *
 * @example
 * import {attribute, kanNetwork} from "petri/kan";
 * import {key} from "petri/core";
 *
 * const inputs = key(1).uniform(200, -1, 1);
 * display(attribute(kanNetwork({width: [2, 3, 1], seed: 5}), inputs).nodes);
 */
export function attribute(network: KanNetwork, inputs: Numbers): KanScores {
  const pass = makePass(network, countInputs(network, inputs), {edges: true});
  takeInputs(pass, inputs);
  forward(network, pass);
  const {nodes, edges, subnodes, rows} = outputScores(network, deviationsOf(network, pass));
  const mean = (values: readonly Float64Array[]) => values.map((each) => meanOfRows(each, rows));
  return {nodes: mean(nodes), edges: mean(edges), subnodes: mean(subnodes)};
}
