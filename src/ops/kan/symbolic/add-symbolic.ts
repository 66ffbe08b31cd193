import {ArgumentError, checkNumber} from "../../core/errors.ts";
import {checkOptionNames} from "../option-names.ts";
import {isBuiltIn, register, type SymbolicFunction} from "./functions.ts";

/** A function of one number that edges may be from then on. */
export interface AddedFunction {
  readonly value: (x: number) => number;
  /** Of `value`; differences of its values by default, which have about ten digits. */
  readonly derivative?: (x: number) => number;
  /** What a suggestion pays for it, 1 by default, as in pykan. */
  readonly complexity?: number;
  /** What it is near its singularities and outside of its domain, finite; `limit` is about how large it may become. 0 there by default. */
  readonly guarded?: (x: number, limit: number) => number;
  /** Of `guarded`. */
  readonly guardedDerivative?: (x: number, limit: number) => number;
  /** How formulas write it, of z: `name(z)`, and \\operatorname{name}, by default. */
  readonly text?: string;
  readonly javascript?: string;
  readonly latex?: string;
}

const OPTIONS: Readonly<Record<keyof AddedFunction, true>> = {
  value: true,
  derivative: true,
  complexity: true,
  guarded: true,
  guardedDerivative: true,
  text: true,
  javascript: true,
  latex: true
};

/**
 * Adds a function to `symbolicFunctions` (pykan's add_symbolic): suggestions try it, edges can be made it by its name, and
 * networks with it are trained and written down as with any other. A name that was added before gets the new function.
 *
 * It is known where this is called: a worker that is sent a network with it has to add it too.
 *
 * Throws ArgumentError for a name that is taken and for what is no function.
 *
 * @example
 * import {addSymbolic, fitAffine} from "petri/kan";
 *
 * addSymbolic("sinc", {
 *   value: (x) => (x === 0 ? 1 : Math.sin(x) / x),
 *   latex: "\\operatorname{sinc}\\left(z\\right)"
 * });
 * const places = Float64Array.from({length: 60}, (_, i) => i / 15 - 2);
 * const values = places.map((at) => Math.sin(3 * at + 1) / (3 * at + 1));
 * display(fitAffine(places, values, "sinc", {polish: true}));
 */
export function addSymbolic(name: string, options: AddedFunction): SymbolicFunction {
  if (typeof name !== "string" || !/^[A-Za-z]\w*$/.test(name))
    throw new ArgumentError(
      `A function's name must be letters and digits, a letter first, such as "besselJ0", got ${JSON.stringify(name)}.`
    );
  if (isBuiltIn(name))
    throw new ArgumentError(`There is a function called ${name} already: give yours another name.`);
  checkOptionNames("addSymbolic", options, OPTIONS);
  const {value, complexity = 1, text = `${name}(z)`, javascript = `${name}(z)`} = options;
  const {latex = `\\operatorname{${name}}\\left(z\\right)`} = options;
  if (typeof value !== "function")
    throw new ArgumentError(`value must be a function of a number, got ${String(value)}.`);
  checkNumber("complexity", complexity, 0);
  const {derivative = differences(value), guarded = () => 0, guardedDerivative = () => 0} = options;
  return register(name, {
    ...{value, derivative, complexity, guarded, guardedDerivative},
    ...{formula: text, javascript, latex}
  });
}

function differences(value: (x: number) => number): (x: number) => number {
  return (x) => {
    const step = 6e-6 * (1 + Math.abs(x));
    return (value(x + step) - value(x - step)) / (2 * step);
  };
}
