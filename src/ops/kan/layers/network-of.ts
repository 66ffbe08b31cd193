// Between networks of tensors and networks in float64.
import {ArgumentError} from "../../core/errors.ts";
import {initState, type ModelState} from "../../core/layer.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {constant} from "../bases/basis.ts";
import {type BSpline, bspline, isBSpline} from "../bases/bspline.ts";
import {type KanBase, type KanLayer, type KanNetwork, nodeCount, subnodesOf} from "../network.ts";
import {float64, kanLayersIn, type PlacedKanLayer, paramsAt, stateAt, swapped} from "./inside.ts";
import {type Kan, kan} from "./kan.ts";
import type {KanParams, KanState} from "./kan-layer.ts";
import {levelOf} from "./multiply-nodes.ts";

/**
 * A trained network of B-splines as plain data in float64: to prune, explain and write down as a formula what tensors have learned.
 *
 * Throws an ArgumentError for other bases, for normalised inputs and for residual functions that a KanNetwork has no name for.
 *
 * @example
 * import {kan, predict, toNetwork} from "petri/kan";
 * import {initState, key} from "petri/core";
 *
 * const model = kan([2, 3, 1]);
 * const network = await toNetwork(model, model.init(key(0)), initState(model, [2]));
 * display(predict(network, Float64Array.of(0.5, -0.5)));
 */
export async function toNetwork(model: Kan, params: Params, state: ModelState = {}): Promise<KanNetwork> {
  const levels = model.widths.map(levelOf);
  const placed = kanLayersIn(model, [nodeCount(levels[0] as (typeof levels)[number])]);
  const {basis, base} = expressible(model, placed);
  const layers: KanLayer[] = [];
  for (const [i, each] of placed.entries()) {
    const nodes = nodeCount(levels[i + 1] as (typeof levels)[number]);
    layers.push(await layerOf(each, paramsAt(params, each.path), stateAt(state, each), basis, nodes));
  }
  return {levels, arity: model.options.arity ?? 2, order: basis.options.order, base, layers};
}

function expressible(model: Kan, placed: readonly PlacedKanLayer[]): {basis: BSpline; base: KanBase} {
  const {basis, base, squash} = (placed[0] as PlacedKanLayer).layer.options;
  const isPlain = squash === "none" && !model.options.normalise;
  if (!isBSpline(basis) || !isPlain)
    throw new ArgumentError(
      `A KanNetwork has B-splines of inputs as they are; this network has ${basis.name}${isPlain ? "" : " of normalised or squashed inputs"}.`
    );
  if (base !== "silu" && base !== "identity" && base !== "zero")
    throw new ArgumentError(
      `The residual function of a KanNetwork is "silu", "identity" or "zero", got ${typeof base === "string" ? `"${base}"` : "a function"}.`
    );
  return {basis, base};
}

async function layerOf(
  {layer, inputs}: PlacedKanLayer,
  params: KanParams,
  {knots, mask}: KanState,
  basis: BSpline,
  nodes: number
): Promise<KanLayer> {
  const {units: outputs} = layer.options;
  const count = basis.knots.length;
  const edges = async (tensor: Tensor | undefined, otherwise: number) =>
    tensor ? float64(tensor) : new Float64Array(inputs * outputs).fill(otherwise);
  const even = () => Float64Array.from({length: inputs * count}, (_, i) => basis.knots[i % count] as number);
  return {
    inputs,
    outputs,
    intervals: basis.options.grid,
    knots: knots ? await float64(knots) : even(),
    coefficients: swapped(await params.coefficients.data(), [inputs, basis.size, outputs]),
    baseScale: await edges(params.baseScale, 0),
    splineScale: await edges(params.splineScale, 1),
    mask: await edges(mask, 1),
    symbolic: new Array(inputs * outputs).fill(null),
    subnodeScale: new Float64Array(outputs).fill(1),
    subnodeBias: params.bias ? await float64(params.bias) : new Float64Array(outputs),
    nodeScale: new Float64Array(nodes).fill(1),
    nodeBias: new Float64Array(nodes)
  };
}

/** A network of tensors: pass `params` and `state` to fit (in its `state`), to `apply` and to `toNetwork`. */
export interface TensorKan {
  model: Kan;
  params: Record<string, Params>;
  /** Knots and masks, by layer. */
  state: ModelState;
}

/**
 * A network in float64 as one of tensors that computes the same, to go on training where it is large. Scales and biases of nodes become those of edges.
 * The tensors belong to the caller.
 *
 * Throws an ArgumentError for symbolic edges, for layers of different grids, and for what is added to a product.
 */
export function fromNetwork(network: KanNetwork): TensorKan {
  const {levels, arity, order, base, layers} = network;
  const [{intervals}] = layers as [KanLayer];
  if (layers.some((layer) => layer.intervals !== intervals))
    throw new ArgumentError(
      "Layers of tensors have grids of the same size: refine the network to one size first."
    );
  if (layers.some(({symbolic}) => symbolic.some((edge) => edge !== null)))
    throw new ArgumentError("Layers of tensors have no symbolic edges: unfixSymbolic them first.");
  if (levels.some(({arities}) => arities?.some((each) => each !== arity)))
    throw new ArgumentError(`All nodes of layers of tensors multiply as many numbers, here ${arity}.`);
  const widths = levels.map(({sum, multiply}) => (multiply > 0 ? ([sum, multiply] as const) : sum));
  const basis = bspline({grid: intervals, order, adaptive: true});
  const folded = layers.map((layer, l) => foldedNodes(network, layer, l));
  const model = kan(widths, {
    basis,
    base,
    arity,
    masked: layers.some(({mask}) => mask.some((each) => each !== 1)),
    useBias: folded.some(({bias}) => bias.some((each) => each !== 0))
  });
  return tidy(() => {
    const [first] = levels as [(typeof levels)[number]];
    const fresh = initState(model, [nodeCount(first)]);
    const params: Record<string, Params> = {};
    const state: Record<string, Params> = {};
    for (const [
      l,
      {
        path,
        layer: {options}
      }
    ] of kanLayersIn(model, [nodeCount(first)]).entries()) {
      const layer = layers[l] as KanLayer;
      const {scale, bias} = folded[l] as FoldedNodes;
      params[path] = tensorsOf(layer, {scale, bias, useBias: options.useBias === true, size: basis.size});
      state[path] = {
        knots: constant(layer.knots, [layer.inputs, basis.knots.length]),
        ...(options.masked && {mask: constant(layer.mask, [layer.inputs, layer.outputs])})
      };
    }
    return {model, params, state: {...fresh, ...state}};
  });
}

function tensorsOf(
  {inputs, outputs, coefficients, baseScale, splineScale}: KanLayer,
  {scale, bias, useBias, size}: FoldedNodes & {useBias: boolean; size: number}
): KanParams {
  const scaled = (edges: Float64Array) =>
    constant(
      edges.map((each, at) => each * (scale[at % outputs] as number)),
      [inputs, outputs]
    );
  return {
    coefficients: constant(swapped(coefficients, [inputs, outputs, size]), [inputs, size, outputs]),
    baseScale: scaled(baseScale),
    splineScale: scaled(splineScale),
    ...(useBias && {bias: constant(bias, [outputs])})
  };
}

interface FoldedNodes {
  /** By subnode. */
  scale: Float64Array;
  bias: Float64Array;
}

/** One scale and bias for each subnode, as all of the layer's affine maps together; a product's scale goes to its first factor. */
function foldedNodes({levels, arity}: KanNetwork, layer: KanLayer, l: number): FoldedNodes {
  const level = levels[l + 1] as KanNetwork["levels"][number];
  const [scale, bias] = [layer.subnodeScale.slice(), layer.subnodeBias.slice()];
  layer.nodeScale.forEach((factor, node) => {
    const {start, end} = subnodesOf(level, arity, node);
    const added = layer.nodeBias[node] as number;
    if (end - start > 1 && added !== 0)
      throw new ArgumentError(
        `Layers of tensors add nothing to a product: node ${node} of level ${l + 1} has the bias ${added}.`
      );
    scale[start] = (scale[start] as number) * factor;
    bias[start] = (bias[start] as number) * factor + added;
  });
  return {scale, bias};
}
