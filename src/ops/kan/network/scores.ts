// Attribution: how much each edge and node matters for the outputs, by the deviations of what they give. What an output is
// worth is shared among the edges into it in proportion to their deviations, and so on down to the inputs.
import {type KanLayer, type KanLevel, type KanNetwork, nodeCount, subnodesOf} from "../network.ts";
import type {Spread} from "./backward.ts";

/** Keeps a node that never changes from being divided by zero, as in pykan. */
const LEAST = 1e-4;

/** Scores for `rows` outputs at once. */
export interface Scores {
  readonly rows: number;
  /** For each level from the inputs: [rows, nodes]. */
  readonly nodes: readonly Float64Array[];
  /** For each layer: [rows, subnodes] and [rows, inputs, subnodes]. */
  readonly subnodes: readonly Float64Array[];
  readonly edges: readonly Float64Array[];
}

/** The scores below level `top`, whose nodes are worth `worth` [rows, nodes]. */
export function scoresBelow(
  network: KanNetwork,
  spreads: readonly Spread[],
  top: number,
  worth: Float64Array
): Scores {
  const rows = worth.length / nodeCount(network.levels[top] as KanLevel);
  const nodes = [worth];
  const subnodes: Float64Array[] = [];
  const edges: Float64Array[] = [];
  for (let l = top - 1; l >= 0; --l) {
    const {inputs, outputs} = network.layers[l] as KanLayer;
    const {whole, sum} = spreads[l] as Spread;
    const below = new Float64Array(rows * inputs);
    const edge = new Float64Array(rows * inputs * outputs);
    const subnode = spreadToSubnodes(network, l + 1, nodes[0] as Float64Array, rows);
    for (let row = 0; row < rows; ++row) {
      for (let i = 0; i < inputs; ++i) {
        let total = 0;
        for (let j = 0; j < outputs; ++j) {
          const share = (whole[i * outputs + j] as number) / ((sum[j] as number) + LEAST);
          const score = share * (subnode[row * outputs + j] as number);
          edge[(row * inputs + i) * outputs + j] = score;
          total += score;
        }
        below[row * inputs + i] = total;
      }
    }
    nodes.unshift(below);
    subnodes.unshift(subnode);
    edges.unshift(edge);
  }
  return {rows, nodes, subnodes, edges};
}

/** Derivatives by scores: of nodes and of edges, for the levels and layers that have any. */
export interface ScoreSlopes {
  nodes?: readonly (Float64Array | undefined)[];
  edges?: readonly (Float64Array | undefined)[];
}

/** The way back: adds derivatives by deviations to `into` and returns those by `worth`. */
export function scoresBackward(
  network: KanNetwork,
  spreads: readonly Spread[],
  scores: Scores,
  slopes: ScoreSlopes,
  into: readonly Spread[]
): Float64Array {
  const {rows} = scores;
  let nodeSlopes = ownSlopes(slopes.nodes?.[0], (scores.nodes[0] as Float64Array).length);
  for (let l = 0; l < scores.edges.length; ++l) {
    const {inputs, outputs} = network.layers[l] as KanLayer;
    const {whole, sum} = spreads[l] as Spread;
    const {whole: wholeSlopes, sum: sumSlopes} = into[l] as Spread;
    const subnode = scores.subnodes[l] as Float64Array;
    const subnodeSlopes = new Float64Array(rows * outputs);
    for (let at = 0; at < rows * inputs * outputs; ++at) {
      const j = at % outputs;
      const row = Math.floor(at / (inputs * outputs));
      const e = at % (inputs * outputs);
      const slope = (slopes.edges?.[l]?.[at] ?? 0) + (nodeSlopes[Math.floor(at / outputs)] as number);
      const width = (sum[j] as number) + LEAST;
      const worth = subnode[row * outputs + j] as number;
      add(wholeSlopes, e, (slope * worth) / width);
      add(sumSlopes, j, (-slope * worth * (whole[e] as number)) / width ** 2);
      add(subnodeSlopes, row * outputs + j, (slope * (whole[e] as number)) / width);
    }
    nodeSlopes = ownSlopes(slopes.nodes?.[l + 1], (scores.nodes[l + 1] as Float64Array).length);
    collectFromSubnodes(network, l + 1, subnodeSlopes, nodeSlopes, rows);
  }
  return nodeSlopes;
}

/** A square matrix with these numbers on its diagonal. */
export function diagonal(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(values.length ** 2);
  for (let i = 0; i < values.length; ++i) out[i * (values.length + 1)] = values[i] as number;
  return out;
}

/** The mean over rows of [rows, n]. */
export function meanOfRows(values: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(values.length / rows);
  for (let at = 0; at < values.length; ++at) add(out, at % out.length, (values[at] as number) / rows);
  return out;
}

function spreadToSubnodes(
  network: KanNetwork,
  level: number,
  nodes: Float64Array,
  rows: number
): Float64Array {
  const own = network.levels[level] as KanLevel;
  const count = nodeCount(own);
  const subnodes = (network.layers[level - 1] as KanLayer).outputs;
  const out = new Float64Array(rows * subnodes);
  for (let node = 0; node < count; ++node) {
    const {start, end} = subnodesOf(own, network.arity, node);
    for (let row = 0; row < rows; ++row) {
      out.fill(nodes[row * count + node] as number, row * subnodes + start, row * subnodes + end);
    }
  }
  return out;
}

function collectFromSubnodes(
  network: KanNetwork,
  level: number,
  subnodes: Float64Array,
  into: Float64Array,
  rows: number
): void {
  const own = network.levels[level] as KanLevel;
  const count = nodeCount(own);
  const width = subnodes.length / rows;
  for (let node = 0; node < count; ++node) {
    const {start, end} = subnodesOf(own, network.arity, node);
    for (let row = 0; row < rows; ++row) {
      for (let j = start; j < end; ++j) add(into, row * count + node, subnodes[row * width + j] as number);
    }
  }
}

function ownSlopes(slopes: Float64Array | undefined, length: number): Float64Array {
  return slopes ? slopes.slice() : new Float64Array(length);
}

function add(to: Float64Array, at: number, value: number): void {
  to[at] = (to[at] as number) + value;
}
