import {
  type KanLayer,
  type KanLevel,
  type KanNetwork,
  nodeCount,
  type SymbolicEdge,
  subnodesOf
} from "../network.ts";
import {basisAt} from "../spline/basis.ts";
import {finiteValue, symbolicFunction} from "../symbolic/functions.ts";
import {writeBase} from "./base.ts";
import {inputsOf, type LayerPass, type Pass} from "./pass.ts";

/** Computes all levels of a network for the samples in a pass; what edges give is kept where the pass has room for it. */
export function forward(network: KanNetwork, pass: Pass): void {
  for (let l = 0; l < network.layers.length; ++l) forwardLayer(network, pass, l);
}

/** One layer of it, from the values of the level before. */
export function forwardLayer(network: KanNetwork, pass: Pass, l: number): void {
  const layer = network.layers[l] as KanLayer;
  const own = pass.layers[l] as LayerPass;
  const x = inputsOf(pass, l);
  const {samples} = pass;
  // The network's inputs stay what they are while a loss is evaluated again and again; so do the bases at them.
  const isKnown = l === 0 && own.knots === layer.knots;
  if (!isKnown) evaluateBases(network, layer, own, x, samples);
  own.knots = layer.knots;
  own.sums.fill(0);
  for (let i = 0; i < layer.inputs; ++i) {
    for (let j = 0; j < layer.outputs; ++j) addEdge(layer, own, {i, j, x, samples, width: network.order + 1});
  }
  combine(layer, network.levels[l + 1] as KanLevel, network.arity, own, samples);
}

function evaluateBases(
  {order, base}: KanNetwork,
  {inputs, knots}: KanLayer,
  own: LayerPass,
  x: Float64Array,
  samples: number
): void {
  const count = knots.length / inputs;
  const values = new Float64Array(order + 1);
  const slopes = new Float64Array(order + 1);
  const {first, basis, basisSlopes} = own;
  for (let i = 0, at = 0; i < inputs; ++i) {
    for (const end = at + samples; at < end; ++at) {
      first[at] = basisAt(x[at] as number, knots, i * count, count, order, values, slopes);
      const to = at * (order + 1);
      for (let r = 0; r <= order; ++r) {
        basis[to + r] = values[r] as number;
        basisSlopes[to + r] = slopes[r] as number;
      }
    }
  }
  writeBase(base, x, 0, inputs * samples, own.base, own.baseSlopes);
}

interface Edge {
  /** The node that it comes from, and the subnode that it goes to. */
  i: number;
  j: number;
  x: Float64Array;
  samples: number;
  /** Basis functions that are not zero at a point. */
  width: number;
}

function addEdge(layer: KanLayer, own: LayerPass, edge: Edge): void {
  const {numeric, whole} = own;
  const {samples} = edge;
  const e = edge.i * layer.outputs + edge.j;
  if (layer.mask[e]) addNumeric(layer, own, edge);
  else if (numeric.length > 0) numeric.fill(0, e * samples, (e + 1) * samples);
  const keepsWhole = whole.length > 0 && whole !== numeric;
  if (keepsWhole) whole.set(numeric.subarray(e * samples, (e + 1) * samples), e * samples);
  const symbolic = layer.symbolic[e];
  if (symbolic) addSymbolic(symbolic, own, e, edge);
}

function addNumeric(layer: KanLayer, own: LayerPass, {i, j, samples, width}: Edge): void {
  const {first, basis, base, sums, numeric} = own;
  const {coefficients} = layer;
  const e = i * layer.outputs + j;
  const from = e * (layer.coefficients.length / layer.baseScale.length);
  const mask = layer.mask[e] as number;
  const baseScale = mask * (layer.baseScale[e] as number);
  const splineScale = mask * (layer.splineScale[e] as number);
  const keeps = numeric.length > 0;
  for (let s = 0; s < samples; ++s) {
    const at = i * samples + s;
    const c = from + (first[at] as number);
    const b = at * width;
    let spline = 0;
    for (let r = 0; r < width; ++r) spline += (coefficients[c + r] as number) * (basis[b + r] as number);
    const value = baseScale * (base[at] as number) + splineScale * spline;
    sums[j * samples + s] = (sums[j * samples + s] as number) + value;
    if (keeps) numeric[e * samples + s] = value;
  }
}

function addSymbolic(symbolic: SymbolicEdge, own: LayerPass, e: number, {i, j, x, samples}: Edge): void {
  const {inner, offset, scale, shift} = symbolic;
  const f = symbolicFunction(symbolic.name);
  const {sums, whole} = own;
  for (let s = 0; s < samples; ++s) {
    const value = scale * finiteValue(f, inner * (x[i * samples + s] as number) + offset) + shift;
    sums[j * samples + s] = (sums[j * samples + s] as number) + value;
    if (whole.length > 0) whole[e * samples + s] = (whole[e * samples + s] as number) + value;
  }
}

/** The values of the next level: subnodes scaled and moved, multiplied in groups, scaled and moved again. */
function combine(layer: KanLayer, level: KanLevel, arity: number, own: LayerPass, samples: number): void {
  const {subnodeScale, subnodeBias, nodeScale, nodeBias} = layer;
  const {sums, products, values} = own;
  for (let node = 0; node < nodeCount(level); ++node) {
    const {start, end} = subnodesOf(level, arity, node);
    for (let s = 0; s < samples; ++s) {
      let product = 1;
      for (let j = start; j < end; ++j) {
        product *=
          (subnodeScale[j] as number) * (sums[j * samples + s] as number) + (subnodeBias[j] as number);
      }
      products[node * samples + s] = product;
      values[node * samples + s] = (nodeScale[node] as number) * product + (nodeBias[node] as number);
    }
  }
}
