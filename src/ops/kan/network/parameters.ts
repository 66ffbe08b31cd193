// All numbers of a network in one vector, which optimizers change: where each part lies, and which are trained.
import type {KanLayer, KanNetwork, SymbolicEdge} from "../network.ts";

/** Parts of a layer that have gradients. "symbolic" are the four numbers of each symbolic edge: inner, offset, scale, shift. */
export type KanParameter =
  | "coefficients"
  | "baseScale"
  | "splineScale"
  | "subnodeScale"
  | "subnodeBias"
  | "nodeScale"
  | "nodeBias"
  | "symbolic";

/** A layer's part of a vector, or of a gradient: `symbolic` is [inputs, outputs, 4], empty where no edge is symbolic. */
export type LayerParameters = {readonly [part in KanParameter]: Float64Array};

const PARTS = [
  "coefficients",
  "baseScale",
  "splineScale",
  "subnodeScale",
  "subnodeBias",
  "nodeScale",
  "nodeBias"
] as const;

/** What training changes unless it is told otherwise, as in pykan. */
export const TRAINED: readonly KanParameter[] = ["coefficients", "baseScale", "splineScale", "symbolic"];

/** Numbers that a symbolic edge has. */
const AFFINE = 4;

/** How many numbers all layers have. */
export function parameterSize(network: KanNetwork): number {
  return network.layers.reduce((size, layer) => size + layerSize(layer), 0);
}

/** All numbers of a network, layer after layer. */
export function flattened(network: KanNetwork): Float64Array {
  const all = new Float64Array(parameterSize(network));
  for (const [l, views] of layerViews(network, all).entries()) {
    const layer = network.layers[l] as KanLayer;
    for (const part of PARTS) views[part].set(layer[part]);
    layer.symbolic.forEach((edge, e) => {
      if (edge) views.symbolic.set([edge.inner, edge.offset, edge.scale, edge.shift], e * AFFINE);
    });
  }
  return all;
}

/** The parts of a vector, layer by layer, as views of it. */
export function layerViews(network: KanNetwork, all: Float64Array): LayerParameters[] {
  let start = 0;
  const next = (length: number) => {
    start += length;
    return all.subarray(start - length, start);
  };
  return network.layers.map((layer) => ({
    coefficients: next(layer.coefficients.length),
    baseScale: next(layer.baseScale.length),
    splineScale: next(layer.splineScale.length),
    subnodeScale: next(layer.subnodeScale.length),
    subnodeBias: next(layer.subnodeBias.length),
    nodeScale: next(layer.nodeScale.length),
    nodeBias: next(layer.nodeBias.length),
    symbolic: next(symbolicSize(layer))
  }));
}

/** The network with the numbers of a vector. Its arrays are views of it: copy the vector first where it is to change. */
export function viewed(network: KanNetwork, all: Float64Array): KanNetwork {
  const views = layerViews(network, all);
  const layers = network.layers.map((layer, l) => {
    const {symbolic: affine, ...parts} = views[l] as LayerParameters;
    const symbolic =
      affine.length > 0 ? layer.symbolic.map((edge, e) => edge && moved(edge, affine, e)) : layer.symbolic;
    return {...layer, ...parts, symbolic};
  });
  return {...network, layers};
}

/**
 * Which numbers of the vector are trained: those of the named parts, and of edges only where the edge has what they scale
 * (a numeric part, a symbolic part).
 */
export function trainedPlaces(network: KanNetwork, trained: readonly KanParameter[]): Int32Array {
  const places: number[] = [];
  let start = 0;
  for (const layer of network.layers) {
    const edges = layer.inputs * layer.outputs;
    for (const part of [...PARTS, "symbolic"] as const) {
      const length = part === "symbolic" ? symbolicSize(layer) : layer[part].length;
      const isThere = edgeTest(layer, part);
      for (let i = 0; trained.includes(part) && i < length; ++i) {
        if (!isThere || isThere(Math.floor((i * edges) / length))) places.push(start + i);
      }
      start += length;
    }
  }
  return Int32Array.from(places);
}

/** The numbers at these places. */
export function gathered(
  all: Float64Array,
  places: Int32Array,
  out: Float64Array = new Float64Array(places.length)
): Float64Array {
  for (let i = 0; i < places.length; ++i) out[i] = all[places[i] as number] as number;
  return out;
}

/** Writes numbers to their places. */
export function scatter(values: Float64Array, places: Int32Array, all: Float64Array): void {
  for (let i = 0; i < places.length; ++i) all[places[i] as number] = values[i] as number;
}

function edgeTest(layer: KanLayer, part: KanParameter): ((edge: number) => boolean) | undefined {
  if (part === "symbolic") return (edge) => layer.symbolic[edge] !== null;
  const isOfEdges = part === "coefficients" || part === "baseScale" || part === "splineScale";
  return isOfEdges ? (edge) => layer.mask[edge] !== 0 : undefined;
}

function moved({name}: SymbolicEdge, affine: Float64Array, edge: number): SymbolicEdge {
  const at = edge * AFFINE;
  return {
    name,
    inner: affine[at] as number,
    offset: affine[at + 1] as number,
    scale: affine[at + 2] as number,
    shift: affine[at + 3] as number
  };
}

function layerSize(layer: KanLayer): number {
  return PARTS.reduce((size, part) => size + layer[part].length, symbolicSize(layer));
}

function symbolicSize({symbolic}: KanLayer): number {
  return symbolic.some((edge) => edge) ? symbolic.length * AFFINE : 0;
}
