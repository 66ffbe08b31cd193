import type {KanLayer, KanNetwork} from "../network.ts";
import {forward} from "./forward.ts";
import {inputsOf, intoRows, type LayerPass, makePass, outputsOf, takeInputs} from "./pass.ts";
import {countInputs, type Numbers} from "./samples.ts";

/**
 * What a network gives for inputs [samples, inputs]: [samples, outputs], row after row. @throws ShapeError, ArgumentError
 *
 * @example
 * import {kanNetwork, predict} from "petri/kan";
 *
 * const network = kanNetwork({width: [2, 5, 1], seed: 1});
 * display(predict(network, [0, 0, 0.5, -0.5]));
 */
export function predict(network: KanNetwork, inputs: Numbers): Float64Array {
  const samples = countInputs(network, inputs);
  const pass = makePass(network, samples);
  takeInputs(pass, inputs);
  forward(network, pass);
  return intoRows(outputsOf(pass), samples);
}

/** What every part of a network gives. */
export interface KanActivations {
  readonly samples: number;
  /** For each level from the inputs: [nodes, samples], the values of its nodes. */
  readonly nodes: readonly Float64Array[];
  /** For each layer: [inputs, outputs, samples], what its edges give, and the same of their numeric parts alone. */
  readonly edges: readonly Float64Array[];
  readonly numeric: readonly Float64Array[];
  /** For each layer: [outputs, samples], the sums of edges at its subnodes. */
  readonly sums: readonly Float64Array[];
}

/**
 * What nodes and edges give for inputs [samples, inputs], each with its samples side by side: an edge's curve is
 * `edges[layer]` over `nodes[layer]`. @throws ShapeError, ArgumentError
 *
 * @example
 * import {activations, edgeValues, kanNetwork} from "petri/kan";
 *
 * const small = kanNetwork({width: [1, 2, 1], seed: 1});
 * const inputs = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * const {nodes} = activations(small, inputs);
 * const curve = edgeValues(activations(small, inputs), small, {layer: 0, from: 0, to: 1});
 * display(Plot.lineY(curve, {x: nodes[0]}).plot({height: 160}));
 */
export function activations(network: KanNetwork, inputs: Numbers): KanActivations {
  const samples = countInputs(network, inputs);
  const pass = makePass(network, samples, {edges: true});
  takeInputs(pass, inputs);
  forward(network, pass);
  const {layers} = pass;
  return {
    samples,
    nodes: network.levels.map((_, level) => inputsOf(pass, level)),
    edges: layers.map(({whole}) => whole),
    numeric: layers.map(({numeric}) => numeric),
    sums: layers.map(({sums}: LayerPass) => sums)
  };
}

/** Which edge: from node `from` of level `layer` to subnode `to` of the next. */
export interface KanEdge {
  readonly layer: number;
  readonly from: number;
  readonly to: number;
}

/** What one edge gives, [samples]: a view of what `activations` found. */
export function edgeValues(
  found: KanActivations,
  network: KanNetwork,
  {layer, from, to}: KanEdge
): Float64Array {
  const {outputs} = network.layers[layer] as KanLayer;
  const at = (from * outputs + to) * found.samples;
  return (found.edges[layer] as Float64Array).subarray(at, at + found.samples);
}
