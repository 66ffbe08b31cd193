import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {activations, edgeValues, type KanActivations, type KanEdge} from "../network/predict.ts";
import type {Numbers} from "../network/samples.ts";
import type {KanLayer, KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type AffineFit, fitAffine} from "./fit-affine.ts";
import {suggestedLibrary, symbolicFunction} from "./functions.ts";

/** One function that an edge may be. */
export interface SymbolicSuggestion extends AffineFit {
  readonly complexity: number;
  /** What it costs: simplicity times complexity, and the rest times log2(1 + 1e-5 - r2). The lowest is the best. */
  readonly loss: number;
}

/** How functions are chosen among. */
export interface SuggestOptions {
  /** Names of functions to try: pykan's twenty-nine, and those that `addSymbolic` added, by default. */
  readonly library?: readonly string[];
  /** How much complexity weighs against the fit, from 0 to 1. Default 0.8, as in pykan; 0 takes what fits best. */
  readonly simplicity?: number;
  /** Between which values the inner scale and offset are looked for. Default -10 and 10. */
  readonly low?: number;
  readonly high?: number;
  /** The sweeps look at this many samples, evenly spread over the inputs of the edge. Default 100. */
  readonly samples?: number;
}

/** A lower r2 is rounding. */
const NOTHING = 1e-6;

export const SUGGEST_OPTIONS = {
  library: true,
  simplicity: true,
  low: true,
  high: true,
  samples: true
} as const;

/**
 * The functions that the curve of an edge may be, the best first, each with its fit. The curve is what the edge gives for
 * inputs [samples, inputs] of the network. Functions that do not fit at all come last; pykan puts "0" before all that fit badly.
 *
 * Throws ArgumentError for an edge that the network does not have, for an unknown function and for inputs that are missing or
 * not finite.
 *
 * @example
 * import {kanNetwork, suggestSymbolic} from "petri/kan";
 *
 * const network = kanNetwork({width: [1, 1], seed: 1});
 * const inputs = Float64Array.from({length: 100}, (_, i) => i / 50 - 1);
 * display(Inputs.table(suggestSymbolic(network, inputs, {layer: 0, from: 0, to: 0}).slice(0, 5)));
 */
export function suggestSymbolic(
  network: KanNetwork,
  inputs: Numbers,
  edge: KanEdge,
  options: SuggestOptions = {}
): SymbolicSuggestion[] {
  checkOptionNames("suggestSymbolic", options, SUGGEST_OPTIONS);
  checkEdge(network, edge);
  return suggestionsFor(network, activations(network, checkedInputs(inputs)), edge, options);
}

/** The same from what the network's parts gave. */
export function suggestionsFor(
  network: KanNetwork,
  found: KanActivations,
  edge: KanEdge,
  {library = suggestedLibrary(), simplicity = 0.8, low, high, samples = 100}: SuggestOptions
): SymbolicSuggestion[] {
  checkNumber("simplicity", simplicity, 0, 1);
  if (!Array.isArray(library))
    throw new ArgumentError(
      `library must be a list of names of functions, such as ["x", "sin"], got ${String(library)}.`
    );
  const {x, y} = edgeCurve(network, found, edge);
  const bounds = {...(low !== undefined && {low}), ...(high !== undefined && {high}), samples};
  const fits = new Map<string, AffineFit>();
  return library
    .map((name) => {
      const {formula, complexity} = symbolicFunction(name);
      // Some functions have two names.
      const fit = fits.get(formula) ?? fitAffine(x, y, name, bounds);
      fits.set(formula, fit);
      const loss = simplicity * complexity + (1 - simplicity) * Math.log2(1 + 1e-5 - Math.min(fit.r2, 1));
      return {...fit, name, complexity, loss};
    })
    .sort((a, b) => Number(a.r2 < NOTHING) - Number(b.r2 < NOTHING) || a.loss - b.loss);
}

/** What an edge gives, over what comes into it. */
export function edgeCurve(network: KanNetwork, found: KanActivations, edge: KanEdge) {
  const nodes = found.nodes[edge.layer] as Float64Array;
  const x = nodes.subarray(edge.from * found.samples, (edge.from + 1) * found.samples);
  return {x, y: edgeValues(found, network, edge)};
}

/** Where an edge lies among those of its layer. Throws ArgumentError when the network has no such edge. */
export function checkEdge(network: KanNetwork, edge: KanEdge): number {
  const {layer, from, to} = edge ?? {};
  const own: KanLayer | undefined = network.layers[layer];
  const isThere = (index: number, count: number) => Number.isInteger(index) && index >= 0 && index < count;
  if (own && isThere(from, own.inputs) && isThere(to, own.outputs)) return from * own.outputs + to;
  throw new ArgumentError(
    `There is no edge in layer ${layer} from ${from} to ${to}: the layers' edges are ` +
      `${network.layers.map(({inputs, outputs}) => `${inputs} x ${outputs}`).join(", ")}, counted from 0.`
  );
}

/** Throws ArgumentError that says what the inputs are for where they are missing. */
export function checkedInputs(inputs: Numbers | undefined): Numbers {
  if (inputs !== undefined && inputs !== null) return inputs;
  throw new ArgumentError(
    "Fitting a function to an edge needs the inputs that the network is looked at with, [samples, inputs] row after row: " +
      "pass those it was trained on, or set the edge's numbers yourself with setSymbolic."
  );
}
