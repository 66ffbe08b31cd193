import {ArgumentError, checkCount} from "../../core/errors.ts";
import {attribute} from "../network/attribute.ts";
import {activations, type KanEdge} from "../network/predict.ts";
import type {Numbers} from "../network/samples.ts";
import {type KanLevel, type KanNetwork, nodeCount, subnodesOf} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {fixSymbolic, unfixSymbolic} from "./edges.ts";
import {checkedInputs, edgeCurve} from "./suggest.ts";

/** The curve of one edge, over what came into it. */
export interface EdgeCurve extends KanEdge {
  /** The node of the next level that the subnode `to` belongs to. */
  readonly node: number;
  /** Ascending. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Attribution score: how much of the outputs goes through the edge. */
  readonly score: number;
  /** Its function where it is one, null where it is a spline. */
  readonly name: string | null;
}

/** What is drawn of a network: plain data. */
export interface KanCurves {
  /** Nodes of each level, inputs first, and how many of them multiply. */
  readonly levels: readonly {readonly nodes: number; readonly multiply: number}[];
  /** Edges that were pruned are not among them. */
  readonly edges: readonly EdgeCurve[];
}

/**
 * The curves of a network's edges for inputs [samples, inputs], each at `points` samples or fewer, with their attribution
 * scores: what the cells' `kanDiagram(edgeCurves(network, inputs), {names, suggest})` draws.
 *
 * Throws ArgumentError for inputs that are missing or not finite.
 *
 * @example
 * import {edgeCurves, kanNetwork} from "petri/kan";
 *
 * const network = kanNetwork({width: [2, 3, 1], seed: 1});
 * const inputs = Float64Array.from({length: 400}, (_, i) => Math.cos(i * i));
 * const [{x, y}] = edgeCurves(network, inputs).edges;
 * display(Plot.lineY(y, {x}).plot({height: 160}));
 */
export function edgeCurves(
  network: KanNetwork,
  inputs: Numbers,
  options: {readonly points?: number} = {}
): KanCurves {
  checkOptionNames("edgeCurves", options, {points: true});
  const {points = 64} = options;
  checkCount("points", points, 2);
  const found = activations(network, checkedInputs(inputs));
  const {edges: scores} = attribute(network, inputs);
  const edges = network.layers.flatMap(({mask, symbolic, outputs}, layer) =>
    [...mask.keys()]
      .filter((e) => mask[e] !== 0 || symbolic[e])
      .map((e): EdgeCurve => {
        const edge = {layer, from: Math.floor(e / outputs), to: e % outputs};
        const {x, y} = edgeCurve(network, found, edge);
        const name = mask[e] === 0 ? (symbolic[e]?.name ?? null) : null;
        return {
          ...edge,
          node: nodeOf(network, edge),
          ...sampled(x, y, points),
          score: scores[layer]?.[e] ?? 0,
          name
        };
      })
  );
  const levels = network.levels.map((level) => ({nodes: nodeCount(level), multiply: level.multiply}));
  return {levels, edges};
}

/** An edge that is to become a function, or a spline again where the name is null. */
export interface EdgeChange extends KanEdge {
  readonly name: string | null;
}

/**
 * The network after changes such as those that a person makes in a `kanDiagram`, one after the other: functions are fitted to
 * what their edges give for the inputs [samples, inputs] by then. Throws ArgumentError as fixSymbolic does.
 *
 * @example
 * import {kanNetwork, withChanges} from "petri/kan";
 *
 * const single = kanNetwork({width: [1, 1], seed: 1});
 * const line = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * display(withChanges(single, line, [{layer: 0, from: 0, to: 0, name: "sin"}]).layers[0].symbolic);
 */
export function withChanges(
  network: KanNetwork,
  inputs: Numbers,
  changes: readonly EdgeChange[]
): KanNetwork {
  if (!Array.isArray(changes))
    throw new ArgumentError(`changes must be a list of {layer, from, to, name}, got ${String(changes)}.`);
  return changes.reduce(
    (changed: KanNetwork, {name, ...edge}: EdgeChange) =>
      name === null ? unfixSymbolic(changed, edge) : fixSymbolic(changed, inputs, edge, name),
    network
  );
}

function nodeOf({levels, arity}: KanNetwork, {layer, to}: KanEdge): number {
  const level = levels[layer + 1] as KanLevel;
  for (let node = 0; node < nodeCount(level); node++)
    if (to < subnodesOf(level, arity, node).end) return node;
  return 0;
}

/** In order of x, at even steps, with both ends. */
function sampled(x: Float64Array, y: Float64Array, points: number): {x: Float64Array; y: Float64Array} {
  const order = [...x.keys()].sort((a, b) => (x[a] as number) - (x[b] as number));
  const count = Math.min(points, order.length);
  const step = count > 1 ? (order.length - 1) / (count - 1) : 0;
  const rows = Array.from({length: count}, (_, i) => order[Math.round(i * step)] as number);
  const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
  return {x: pick(x), y: pick(y)};
}
