// Networks with some nodes of their levels left out.
import {type KanLayer, type KanLevel, type KanNetwork, subnodesOf} from "../network.ts";

/** The network with only the named nodes of each level, in ascending order: edges to and from others are gone. */
export function withNodes(network: KanNetwork, kept: readonly (readonly number[])[]): KanNetwork {
  const levels = network.levels.map((level, l) => {
    const nodes = kept[l] as readonly number[];
    const sum = nodes.filter((node) => node < level.sum).length;
    return {sum, multiply: nodes.length - sum};
  });
  const layers = network.layers.map((layer, l) => {
    const nodes = kept[l + 1] as readonly number[];
    const subnodes = nodes.flatMap((node) => {
      const {start, end} = subnodesOf(network.levels[l + 1] as KanLevel, network.arity, node);
      return Array.from({length: end - start}, (_, i) => start + i);
    });
    return subLayer(layer, kept[l] as readonly number[], subnodes, nodes);
  });
  return {...network, levels, layers};
}

function subLayer(
  layer: KanLayer,
  from: readonly number[],
  subnodes: readonly number[],
  nodes: readonly number[]
): KanLayer {
  const edges = from.flatMap((i) => subnodes.map((j) => i * layer.outputs + j));
  return {
    inputs: from.length,
    outputs: subnodes.length,
    intervals: layer.intervals,
    knots: rows(layer.knots, from, layer.inputs),
    coefficients: rows(layer.coefficients, edges, layer.mask.length),
    baseScale: rows(layer.baseScale, edges, layer.mask.length),
    splineScale: rows(layer.splineScale, edges, layer.mask.length),
    mask: rows(layer.mask, edges, layer.mask.length),
    symbolic: edges.map((e) => layer.symbolic[e] ?? null),
    subnodeScale: rows(layer.subnodeScale, subnodes, layer.outputs),
    subnodeBias: rows(layer.subnodeBias, subnodes, layer.outputs),
    nodeScale: rows(layer.nodeScale, nodes, layer.nodeScale.length),
    nodeBias: rows(layer.nodeBias, nodes, layer.nodeBias.length)
  };
}

/** These rows of `count` rows. */
function rows(values: Float64Array, wanted: readonly number[], count: number): Float64Array {
  const width = values.length / count;
  const out = new Float64Array(wanted.length * width);
  for (const [r, row] of wanted.entries())
    out.set(values.subarray(row * width, (row + 1) * width), r * width);
  return out;
}
