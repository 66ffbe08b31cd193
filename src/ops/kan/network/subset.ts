// Networks with other nodes in their levels: some left out, in another order, or new ones that do nothing yet.
import {type KanLayer, type KanLevel, type KanNetwork, nodeCount, subnodesOf} from "../network.ts";
import {uniformKnots} from "../spline/knots.ts";

/** In a list of nodes: one that was not there. Its edges are nothing. */
export const NEW = -1;

/** The network with these nodes in each level, those that add before those that multiply. */
export function withNodes(
  network: KanNetwork,
  kept: readonly (readonly number[])[],
  levels: readonly KanLevel[] = network.levels.map((level, l) => levelOf(level, kept[l] as readonly number[]))
): KanNetwork {
  const layers = network.layers.map((layer, l) => {
    const nodes = kept[l + 1] as readonly number[];
    const [level, old] = [levels[l + 1] as KanLevel, network.levels[l + 1] as KanLevel];
    const subnodes = nodes.flatMap((node, place) => {
      const {start, end} = subnodesOf(level, network.arity, place);
      const first = node === NEW ? NEW : subnodesOf(old, network.arity, node).start;
      return Array.from({length: end - start}, (_, i) => (node === NEW ? NEW : first + i));
    });
    return subLayer(layer, network.order, kept[l] as readonly number[], subnodes, nodes);
  });
  return {...network, levels, layers};
}

/** All nodes of each level, but for one level those given. */
export function nodesWith(network: KanNetwork, level: number, nodes: readonly number[]): number[][] {
  return network.levels.map((own, l) =>
    l === level ? [...nodes] : Array.from({length: nodeCount(own)}, (_, node) => node)
  );
}

function levelOf(level: KanLevel, nodes: readonly number[]): KanLevel {
  const products = nodes.filter((node) => node >= level.sum);
  const arities = level.arities && products.map((node) => level.arities?.[node - level.sum] as number);
  return {sum: nodes.length - products.length, multiply: products.length, ...(arities && {arities})};
}

function subLayer(
  layer: KanLayer,
  order: number,
  from: readonly number[],
  subnodes: readonly number[],
  nodes: readonly number[]
): KanLayer {
  const {intervals, outputs, mask} = layer;
  const edges = from.flatMap((i) => subnodes.map((j) => (i === NEW || j === NEW ? NEW : i * outputs + j)));
  const ofEdges = (values: Float64Array, fresh: number) => rows(values, edges, mask.length, [fresh]);
  return {
    inputs: from.length,
    outputs: subnodes.length,
    intervals,
    knots: rows(layer.knots, from, layer.inputs, uniformKnots({intervals, order})),
    coefficients: ofEdges(layer.coefficients, 0),
    baseScale: ofEdges(layer.baseScale, 0),
    splineScale: ofEdges(layer.splineScale, 1),
    mask: ofEdges(mask, 0),
    symbolic: edges.map((e) => layer.symbolic[e] ?? null),
    subnodeScale: rows(layer.subnodeScale, subnodes, outputs, [1]),
    subnodeBias: rows(layer.subnodeBias, subnodes, outputs, [0]),
    nodeScale: rows(layer.nodeScale, nodes, layer.nodeScale.length, [1]),
    nodeBias: rows(layer.nodeBias, nodes, layer.nodeBias.length, [0])
  };
}

/** These rows of `count` rows; for a new one, `fresh`, over again where the row is longer. */
function rows(
  values: Float64Array,
  wanted: readonly number[],
  count: number,
  fresh: ArrayLike<number>
): Float64Array {
  const width = values.length / count;
  const out = new Float64Array(wanted.length * width);
  for (const [r, row] of wanted.entries()) {
    for (let i = 0; i < width; ++i)
      out[r * width + i] =
        row === NEW ? (fresh[i % fresh.length] as number) : (values[row * width + i] as number);
  }
  return out;
}
