import {checkNumber} from "../../core/errors.ts";
import {activations, type KanActivations, type KanEdge} from "../network/predict.ts";
import type {Numbers} from "../network/samples.ts";
import type {KanLayer, KanNetwork, SymbolicEdge} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type AffineFit, type AffineFitOptions, fitAffine} from "./fit-affine.ts";
import {symbolicFunction} from "./functions.ts";
import {
  checkEdge,
  checkedInputs,
  edgeCurve,
  SUGGEST_OPTIONS,
  type SuggestOptions,
  type SymbolicSuggestion,
  suggestionsFor
} from "./suggest.ts";

/**
 * The network with an edge that is a function: scale * f(inner * x + offset) + shift, whose numbers are fitted to what the
 * edge gives for inputs [samples, inputs], by least squares unless `polish` is false. The spline is kept, and comes back with
 * `unfixSymbolic`; training goes on with the four numbers.
 *
 * Throws ArgumentError for an unknown function (with the names near it), for an edge that is not there, and without inputs.
 *
 * @example
 * import {fixSymbolic, formula, kanNetwork} from "petri/kan";
 *
 * const network = kanNetwork({width: [1, 1], seed: 1});
 * const inputs = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * display(formula(fixSymbolic(network, inputs, {layer: 0, from: 0, to: 0}, "sin")).text);
 */
export function fixSymbolic(
  network: KanNetwork,
  inputs: Numbers,
  edge: KanEdge,
  name: string,
  options: AffineFitOptions = {}
): KanNetwork {
  symbolicFunction(name);
  checkEdge(network, edge);
  const found = activations(network, checkedInputs(inputs));
  return setSymbolic(network, edge, fitted(network, found, edge, name, options));
}

/** Of a function, and what suggestions say of it besides. */
const NUMBERS: Readonly<Record<keyof SymbolicSuggestion, true>> = {
  name: true,
  inner: true,
  offset: true,
  scale: true,
  shift: true,
  r2: true,
  complexity: true,
  loss: true
};

/**
 * The network with an edge that is the function given: {name, inner, offset, scale, shift}, of which the numbers are 1, 0, 1
 * and 0 where they are left out. Throws ArgumentError for an unknown function, an edge that is not there and for numbers that
 * are not finite.
 */
export function setSymbolic(
  network: KanNetwork,
  edge: KanEdge,
  function_: Pick<SymbolicEdge, "name"> & Partial<SymbolicSuggestion>
): KanNetwork {
  checkOptionNames("setSymbolic", function_, NUMBERS);
  const {name, inner = 1, offset = 0, scale = 1, shift = 0} = function_;
  symbolicFunction(name);
  for (const [what, value] of Object.entries({inner, offset, scale, shift})) checkNumber(what, value);
  return withEdge(network, edge, {name, inner, offset, scale, shift}, 0);
}

/** The network whose edge is its spline again. Throws ArgumentError for an edge that is not there. */
export function unfixSymbolic(network: KanNetwork, edge: KanEdge): KanNetwork {
  return withEdge(network, edge, null, 1);
}

/** How `autoSymbolic` chooses. */
export interface AutoSymbolicOptions extends SuggestOptions {
  /** Edges whose best function has a lower r2 stay splines. Default 0: all become functions. */
  readonly atLeast?: number;
}

/** What `autoSymbolic` did with an edge. */
export interface FixedEdge extends KanEdge {
  readonly name: string;
  readonly r2: number;
  /** False where the edge stayed a spline. */
  readonly isFixed: boolean;
}

/** A network whose edges are functions, and which they are. */
export interface AutoSymbolic {
  readonly network: KanNetwork;
  readonly edges: readonly FixedEdge[];
}

/**
 * Makes every edge that is a spline the first of its suggestions, layer after layer, each looked at behind those that are
 * functions already. Edges that were pruned stay nothing.
 *
 * Throws ArgumentError for an unknown function and for inputs that are missing or not finite.
 *
 * @example
 * import {autoSymbolic, kanNetwork} from "petri/kan";
 *
 * const pair = kanNetwork({width: [2, 1], seed: 1});
 * const rows = Float64Array.from({length: 200}, (_, i) => Math.cos(i * i));
 * display(Inputs.table(autoSymbolic(pair, rows, {library: ["x", "x^2", "sin"]}).edges));
 */
export function autoSymbolic(
  network: KanNetwork,
  inputs: Numbers,
  options: AutoSymbolicOptions = {}
): AutoSymbolic {
  const {atLeast = 0, ...choice} = options;
  checkOptionNames("autoSymbolic", options, {...SUGGEST_OPTIONS, atLeast: true});
  checkNumber("atLeast", atLeast, 0, 1);
  checkedInputs(inputs);
  const edges: FixedEdge[] = [];
  let fixed = network;
  for (let layer = 0; layer < network.layers.length; layer++) {
    const [before, found] = [fixed, activations(fixed, inputs)];
    for (const edge of splines(before, layer)) {
      const best = suggestionsFor(before, found, edge, choice)[0];
      if (!best) continue;
      const isFixed = best.r2 >= atLeast;
      edges.push({...edge, name: best.name, r2: best.r2, isFixed});
      if (isFixed) fixed = setSymbolic(fixed, edge, fitted(before, found, edge, best.name, bounds(choice)));
    }
  }
  return {network: fixed, edges};
}

function bounds({low, high, samples}: SuggestOptions): AffineFitOptions {
  return {
    ...(low !== undefined && {low}),
    ...(high !== undefined && {high}),
    ...(samples !== undefined && {samples})
  };
}

function splines(network: KanNetwork, layer: number): KanEdge[] {
  const {mask, symbolic, outputs} = network.layers[layer] as KanLayer;
  return [...mask.keys()]
    .filter((e) => mask[e] !== 0 && !symbolic[e])
    .map((e) => ({layer, from: Math.floor(e / outputs), to: e % outputs}));
}

function fitted(
  network: KanNetwork,
  found: KanActivations,
  edge: KanEdge,
  name: string,
  options: AffineFitOptions
): AffineFit {
  const {x, y} = edgeCurve(network, found, edge);
  return fitAffine(x, y, name, {polish: true, samples: 100, ...options});
}

function withEdge(
  network: KanNetwork,
  edge: KanEdge,
  function_: SymbolicEdge | null,
  mask: number
): KanNetwork {
  const at = checkEdge(network, edge);
  const layers = network.layers.map((layer, l) =>
    l === edge.layer
      ? {
          ...layer,
          mask: layer.mask.with(at, mask),
          symbolic: layer.symbolic.map((s, e) => (e === at ? function_ : s))
        }
      : layer
  );
  return {...network, layers};
}
