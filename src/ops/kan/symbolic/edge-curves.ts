import {ArgumentError, checkCount} from "../../core/errors.ts";
import {attribute} from "../network/attribute.ts";
import {activations, edgeValues, type KanEdge} from "../network/predict.ts";
import type {Numbers} from "../network/samples.ts";
import {
  type KanLayer,
  type KanLevel,
  type KanNetwork,
  nodeCount,
  type SymbolicEdge,
  subnodesOf
} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {affineSamples} from "./affine-rows.ts";
import {scoreOne} from "./curve-rows.ts";
import {fixSymbolic, unfixSymbolic} from "./edges.ts";
import type {AffineFit} from "./fit-affine.ts";
import {edgeFormula} from "./formula.ts";
import {finiteValue, symbolicFunction} from "./functions.ts";
import {polished} from "./polish.ts";
import {
  checkEdge,
  checkedInputs,
  edgeCurve,
  SUGGEST_OPTIONS,
  type SuggestOptions,
  suggestionsFor
} from "./suggest.ts";

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
  /** What the function is, in z, which is what comes into the edge; null where it is a spline. */
  readonly formula: string | null;
  /** The spline that a function was put in the place of, which is kept, and how well the function follows it; null where there is none. */
  readonly spline: {readonly y: Float64Array; readonly r2: number} | null;
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
  const edges = network.layers.flatMap(({mask, symbolic, outputs}, layer) => {
    const hasFunctions = symbolic.some((each, e) => each && mask[e] === 0);
    const splines = hasFunctions ? activations(withSplines(network, layer), inputs) : found;
    return [...mask.keys()]
      .filter((e) => mask[e] !== 0 || symbolic[e])
      .map((e): EdgeCurve => {
        const edge = {layer, from: Math.floor(e / outputs), to: e % outputs};
        const {x, y} = edgeCurve(network, found, edge);
        const rows = evenRows(x, points);
        const own = mask[e] === 0 ? symbolic[e] : null;
        return {
          ...edge,
          node: nodeOf(network, edge),
          x: picked(x, rows),
          y: picked(y, rows),
          score: scores[layer]?.[e] ?? 0,
          name: own?.name ?? null,
          formula: own ? edgeFormula(own) : null,
          spline: own ? splineUnder(own, x, edgeValues(splines, network, edge), rows) : null
        };
      });
  });
  const levels = network.levels.map((level) => ({nodes: nodeCount(level), multiply: level.multiply}));
  return {levels, edges};
}

/** A function that an edge may be, with its curve. */
export interface SuggestedCurve extends AffineFit {
  /** In z, which is what comes into the edge. */
  readonly formula: string;
  /** Ascending. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** How `suggestCurves` chooses and draws. */
export interface SuggestCurvesOptions extends SuggestOptions {
  /** How many functions, 5 by default. */
  readonly count?: number;
  /** How many points of each curve, 64 by default. */
  readonly points?: number;
}

/**
 * The first of an edge's suggestions, each as `fixSymbolic` would put it there, with its curve and its formula: what
 * `kanDiagram` asks for in its option `suggest`. Throws ArgumentError as suggestSymbolic does.
 *
 * @example
 * import {kanNetwork, suggestCurves} from "petri/kan";
 *
 * const one = kanNetwork({width: [1, 1], seed: 1});
 * const along = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * const curves = suggestCurves(one, along, {layer: 0, from: 0, to: 0}, {count: 3});
 * const rows = curves.flatMap(({formula, x, y}) => Array.from(x, (at, i) => ({formula, x: at, y: y[i]})));
 * display(Plot.plot({height: 200, color: {legend: true}, marks: [Plot.line(rows, {x: "x", y: "y", stroke: "formula"})]}));
 */
export function suggestCurves(
  network: KanNetwork,
  inputs: Numbers,
  edge: KanEdge,
  options: SuggestCurvesOptions = {}
): SuggestedCurve[] {
  checkOptionNames("suggestCurves", options, {...SUGGEST_OPTIONS, count: true, points: true});
  const {count = 5, points = 64, ...choice} = options;
  checkCount("count", count);
  checkCount("points", points, 2);
  checkEdge(network, edge);
  const found = activations(network, checkedInputs(inputs));
  const curve = edgeCurve(network, found, edge);
  const x = picked(curve.x, evenRows(curve.x, points));
  const samples = affineSamples(curve.x, curve.y);
  return suggestionsFor(network, found, edge, choice)
    .slice(0, count)
    .map(({complexity: _complexity, loss: _loss, ...fit}) => {
      const own = polished(symbolicFunction(fit.name), samples, fit);
      return {...own, formula: edgeFormula(own), x, y: valuesOf(own, x)};
    });
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

/** The network in which the functions of a layer are the splines again that were kept. */
function withSplines(network: KanNetwork, layer: number): KanNetwork {
  const own = network.layers[layer] as KanLayer;
  const mask = own.mask.map((each, e) => (each === 0 && own.symbolic[e] ? 1 : each));
  const symbolic = own.symbolic.map((each, e) => (own.mask[e] === 0 ? null : each));
  return {...network, layers: network.layers.with(layer, {...own, mask, symbolic})};
}

/** None where the spline says nothing, because the function never was one. */
function splineUnder(own: SymbolicEdge, x: Float64Array, y: Float64Array, rows: Int32Array) {
  const samples = affineSamples(x, y);
  if (samples.total === 0) return null;
  const r2 = scoreOne(symbolicFunction(own.name), samples, own.inner, own.offset);
  return {y: picked(y, rows), r2};
}

function valuesOf({name, inner, offset, scale, shift}: SymbolicEdge, x: Float64Array): Float64Array {
  const f = symbolicFunction(name);
  return x.map((at) => scale * finiteValue(f, inner * at + offset) + shift);
}

/** Which rows, in order of x, at even steps, with both ends. */
function evenRows(x: Float64Array, points: number): Int32Array {
  const order = [...x.keys()].sort((a, b) => (x[a] as number) - (x[b] as number));
  const count = Math.min(points, order.length);
  const step = count > 1 ? (order.length - 1) / (count - 1) : 0;
  return Int32Array.from({length: count}, (_, i) => order[Math.round(i * step)] as number);
}

function picked(values: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row] as number);
}
