// Networks with more nodes, more levels, nodes in other places, or edges that were nothing brought back.
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {type KanLayer, type KanLevel, type KanNetwork, nodeCount} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type FreshLayer, freshLayer} from "./create.ts";
import {NEW, nodesWith, withNodes} from "./subset.ts";

/**
 * The network with more nodes in a hidden level, behind those of their kind (pykan's expand_width). Their edges are nothing
 * until `perturb` wakes them; a node that multiplies nothing gives 0, so the outputs stay what they are. @throws ArgumentError
 *
 * @example
 * import {expandWidth, kanNetwork} from "petri/kan";
 *
 * display(expandWidth(kanNetwork({width: [2, 3, 1]}), 1, {sum: 2, multiply: 1}).levels);
 */
export function expandWidth(
  network: KanNetwork,
  level: number,
  more: Partial<Pick<KanLevel, "sum" | "multiply">>
): KanNetwork {
  checkOptionNames("expandWidth", more, {sum: true, multiply: true});
  const {sum = 0, multiply = 0} = more;
  checkCount("sum", sum, 0);
  checkCount("multiply", multiply, 0);
  const old = hiddenLevel(network, level);
  const nodes = [
    ...Array.from({length: old.sum}, (_, i) => i),
    ...Array.from({length: sum}, () => NEW),
    ...Array.from({length: old.multiply}, (_, i) => old.sum + i),
    ...Array.from({length: multiply}, () => NEW)
  ];
  const arities = old.arities && [...old.arities, ...new Array<number>(multiply).fill(network.arity)];
  const wide = {sum: old.sum + sum, multiply: old.multiply + multiply, ...(arities && {arities})};
  return withNodes(network, nodesWith(network, level, nodes), network.levels.with(level, wide));
}

/**
 * The network with one more layer behind its outputs, whose edges hand each of them on as it is (pykan's expand_depth): as
 * symbolic functions x, beside splines that are nothing until `perturb` wakes them.
 *
 * @example
 * import {expandDepth, kanNetwork, predict} from "petri/kan";
 *
 * const network = kanNetwork({width: [2, 1]});
 * display([predict(network, [0.1, 0.2])[0], predict(expandDepth(network), [0.1, 0.2])[0]]);
 */
export function expandDepth(network: KanNetwork): KanNetwork {
  const {levels, layers, order} = network;
  const count = nodeCount(levels.at(-1) as KanLevel);
  const grid = (layers.at(-1) as KanLayer).intervals;
  const layer = freshLayer(silent({inputs: count, outputs: count, grid, order}));
  const symbolic = layer.symbolic.map((_, e) =>
    e % (count + 1) === 0 ? {name: "x", inner: 1, offset: 0, scale: 1, shift: 0} : null
  );
  const last = {...layer, mask: new Float64Array(count * count), symbolic};
  return {...network, levels: [...levels, {sum: count, multiply: 0}], layers: [...layers, last]};
}

/** How edges are woken. */
export interface PerturbOptions {
  /** Size of the noise, 0.3 by default, as `kanNetwork` has it. */
  noise?: number;
  /** Source of the noise; key(0) by default. */
  key?: Key;
}

/**
 * The network with splines of small noise on all edges that are nothing: what was pruned or added can be trained (pykan's
 * perturb). @throws ArgumentError
 */
export function perturb(network: KanNetwork, options: PerturbOptions = {}): KanNetwork {
  checkOptionNames("perturb", options, {noise: true, key: true});
  const {noise = 0.3, key = keyOf(0)} = options;
  checkNumber("noise", noise, 0);
  const layers = network.layers.map((layer, l) => {
    const {inputs, outputs, intervals, mask, symbolic} = layer;
    const [forNoise, forBase] = key.fold(l).split(2) as [Key, Key];
    const fresh = freshLayer({
      ...silent({inputs, outputs, grid: intervals, order: network.order}),
      ...{noise, baseSpread: noise},
      noiseDraws: forNoise.uniform((intervals + 1) * inputs * outputs),
      baseDraws: forBase.uniform(inputs * outputs)
    });
    const isNothing = (e: number) => mask[e] === 0 && !symbolic[e];
    const each = layer.coefficients.length / mask.length;
    const awake = (own: Float64Array, other: Float64Array, size = 1) =>
      own.map((value, i) => (isNothing(Math.floor(i / size)) ? (other[i] as number) : value));
    return {
      ...layer,
      coefficients: awake(layer.coefficients, fresh.coefficients, each),
      baseScale: awake(layer.baseScale, fresh.baseScale),
      splineScale: awake(layer.splineScale, fresh.splineScale),
      mask: awake(mask, fresh.mask)
    };
  });
  return {...network, layers};
}

/** The network with two nodes of a level in each other's places; both add, or both multiply. @throws ArgumentError */
export function swapNodes(network: KanNetwork, level: number, a: number, b: number): KanNetwork {
  const own = hiddenLevel(network, level);
  const isThere = (node: number) => Number.isInteger(node) && node >= 0 && node < nodeCount(own);
  if (!isThere(a) || !isThere(b) || a < own.sum !== b < own.sum)
    throw new ArgumentError(
      `Level ${level} has the nodes 0 to ${nodeCount(own) - 1}, of which the first ${own.sum} add and the others multiply; ` +
        `two of a kind can change places, got ${a} and ${b}.`
    );
  const nodes = Array.from({length: nodeCount(own)}, (_, node) => (node === a ? b : node === b ? a : node));
  return withNodes(network, nodesWith(network, level, nodes));
}

/** A layer of splines that are nothing. */
function silent(size: Pick<FreshLayer, "inputs" | "outputs" | "grid" | "order">): FreshLayer {
  const edges = size.inputs * size.outputs;
  const none = {noise: 0, baseMean: 0, baseSpread: 0, splineScale: 1};
  const draws = {noiseDraws: new Float64Array((size.grid + 1) * edges), baseDraws: new Float64Array(edges)};
  return {...size, ...none, ...draws, nodes: size.outputs, range: [-1, 1]};
}

function hiddenLevel(network: KanNetwork, level: number): KanLevel {
  const own = network.levels[level];
  if (own && level > 0 && level < network.levels.length - 1) return own;
  throw new ArgumentError(
    `level must be one of the hidden levels, 1 to ${network.levels.length - 2}, got ${level}. Inputs are 0.`
  );
}
