import {ArgumentError, checkCount} from "../../core/errors.ts";
import {
  type KanLayer,
  type KanLevel,
  type KanNetwork,
  nodeCount,
  type SymbolicEdge,
  subnodesOf
} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {added, affine, applied, constant, input, multiplied, rounded, type Sum} from "./forms.ts";
import {javascriptNotation, latexNotation, type Notation, textNotation, written} from "./printing.ts";

/** The formula of an output. */
export interface Formula {
  /** For mathematical mode. */
  readonly latex: string;
  /** A function of the inputs: (x_1, x_2) => ... */
  readonly javascript: string;
  readonly text: string;
}

/** How a formula is written. */
export interface FormulaOptions {
  /** Of the inputs: x_1, x_2, ... by default. */
  readonly names?: readonly string[];
  /**
   * Significant digits of its numbers; numbers that would not show beside the largest of their sum are left out, and multiples
   * of pi within waves are written with pi. All digits, and nothing left out, by default.
   */
  readonly digits?: number;
  /** Which output. Default 0. */
  readonly output?: number;
}

const OPTIONS = {names: true, digits: true, output: true} as const;

/**
 * What a network computes, as a formula: all its edges have to be functions (`fixSymbolic`, `autoSymbolic`) or gone (`prune`).
 * Constants are folded, what can be taken out of a function is (exp(x + 1), (2x)^2, log(3x), sin(x + pi)), and like terms are
 * added up. Near singularities and outside of a function's domain the network gives finite values where the formula does not.
 *
 * Throws ArgumentError that names an edge that is still a spline, for names that are not those of the inputs, and for an output
 * that is not there.
 *
 * @example
 * import {formula, kanNetwork, setSymbolic} from "petri/kan";
 *
 * const wave = setSymbolic(kanNetwork({width: [2, 1]}), {layer: 0, from: 0, to: 0}, {name: "sin", inner: 3.14159265});
 * const network = setSymbolic(wave, {layer: 0, from: 1, to: 0}, {name: "x^2", inner: 2});
 * display(formula(network, {names: ["x", "y"], digits: 4}).text);
 */
export function formula(network: KanNetwork, options: FormulaOptions = {}): Formula {
  checkOptionNames("formula", options, OPTIONS);
  const {names = defaultNames(network), digits, output = 0} = options;
  checkNames(network, names);
  if (digits !== undefined) checkCount("digits", digits);
  const sums = outputSums(network);
  const whole = sums[output];
  if (!whole)
    throw new ArgumentError(`The network has ${sums.length} outputs, counted from 0, and none is ${output}.`);
  const sum = digits === undefined ? whole : rounded(whole, digits);
  const write = (notation: Notation) => written(sum, notation, digits);
  const variables = identifiers(names);
  return {
    latex: write(latexNotation(names)),
    javascript: `(${variables.join(", ")}) => ${write(javascriptNotation(variables))}`,
    text: write(textNotation(names))
  };
}

/** The function of one edge as plain text in z, with numbers of so many digits. */
export function edgeFormula({name, inner, offset, scale, shift}: SymbolicEdge, digits = 4): string {
  const whole = affine(applied(name, affine(input(0), inner, offset)), scale, shift);
  return written(rounded(whole, digits), textNotation(["z"]), digits);
}

function outputSums(network: KanNetwork): Sum[] {
  const inputs = Array.from({length: nodeCount(network.levels[0] as KanLevel)}, (_, i) => input(i));
  return network.layers.reduce<Sum[]>((nodes, layer, l) => {
    const level = network.levels[l + 1] as KanLevel;
    const subnodes = Array.from({length: layer.outputs}, (_, to) => {
      const edges = nodes.map((node, from) => edgeSum(layer, {layer: l, from, to}, node));
      return affine(added(edges), layer.subnodeScale[to] as number, layer.subnodeBias[to] as number);
    });
    return Array.from({length: nodeCount(level)}, (_, node) => {
      const {start, end} = subnodesOf(level, network.arity, node);
      const own = end - start > 1 ? multiplied(subnodes.slice(start, end)) : (subnodes[start] as Sum);
      return affine(own, layer.nodeScale[node] as number, layer.nodeBias[node] as number);
    });
  }, inputs);
}

function edgeSum(layer: KanLayer, edge: {layer: number; from: number; to: number}, node: Sum): Sum {
  const at = edge.from * layer.outputs + edge.to;
  if (layer.mask[at] !== 0)
    throw new ArgumentError(
      `The edge in layer ${edge.layer} from ${edge.from} to ${edge.to} is still a spline: ` +
        "make it a function with fixSymbolic or autoSymbolic, or take it away with prune."
    );
  const symbolic = layer.symbolic[at];
  if (!symbolic) return constant(0);
  const {name, inner, offset, scale, shift} = symbolic;
  return affine(applied(name, affine(node, inner, offset)), scale, shift);
}

function defaultNames(network: KanNetwork): string[] {
  return Array.from({length: nodeCount(network.levels[0] as KanLevel)}, (_, i) => `x_${i + 1}`);
}

function checkNames(network: KanNetwork, names: readonly string[]): void {
  const count = nodeCount(network.levels[0] as KanLevel);
  const isName = (name: unknown) => typeof name === "string" && name.trim() !== "";
  if (names.length !== count || !names.every(isName) || new Set(names).size !== count)
    throw new ArgumentError(
      `names must be ${count} different names, one for each input, got ${JSON.stringify(names)}.`
    );
}

/** What strict JavaScript takes for no argument, and what formulas call. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public return " +
    "static super switch this throw true try typeof var void while with yield Math"
  ).split(" ")
);

/** Names that JavaScript takes for arguments, all of them different. */
function identifiers(names: readonly string[]): string[] {
  const taken = new Set<string>();
  for (const [index, name] of names.entries()) {
    const letters = name.replace(/[^\p{L}\p{N}_$]/gu, "_");
    let own = /^[\p{L}_$]/u.test(letters) && !RESERVED.has(letters) ? letters : `x_${index + 1}`;
    while (taken.has(own)) own += "_";
    taken.add(own);
  }
  return [...taken];
}
