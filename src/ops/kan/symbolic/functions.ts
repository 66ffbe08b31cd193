import {ArgumentError} from "../../core/errors.ts";
import {nearNames} from "./near-names.ts";

// The functions that an edge can be: pykan's library (kan/utils.py, SYMBOLIC_LIB: names, complexities and what its functions
// become near a singularity) and a few more. All of them in float64, on one number.

type Curve = (x: number) => number;
/** A curve that stays finite where the function does not; `limit` is about how large it may become there. */
type GuardedCurve = (x: number, limit: number) => number;

/** A function of one number that an edge can be. */
export interface SymbolicFunction {
  /** As in `symbolicFunctions`. */
  readonly name: string;
  /** What a suggestion pays for it: the larger, the better it has to fit. */
  readonly complexity: number;
  /** NaN and infinite where the function is. */
  readonly value: Curve;
  /** Of `value`; NaN and infinite where that is. */
  readonly derivative: Curve;
  /** The function except near its singularities and outside its domain, where it has finite values too. */
  readonly guarded: GuardedCurve;
  /** Of `guarded`. */
  readonly guardedDerivative: GuardedCurve;
  /** Of z, in ordinary notation: sqrt(z). */
  readonly formula: string;
  /** The same in JavaScript and LaTeX, of functions that were added. */
  readonly javascript?: string;
  readonly latex?: string;
}

/** A function without a name: what is left out of its guarded form is the function itself. */
export type SymbolicRow = Omit<SymbolicFunction, "name" | "guarded" | "guardedDerivative"> &
  Partial<Pick<SymbolicFunction, "guarded" | "guardedDerivative">>;

const {
  PI,
  abs,
  acos,
  asin,
  asinh,
  atan,
  atanh,
  cbrt,
  cos,
  cosh,
  exp,
  log,
  log1p,
  sign,
  sin,
  sinh,
  sqrt,
  tan,
  tanh
} = Math;

const PYKAN: Record<string, SymbolicRow> = {
  x: {complexity: 1, formula: "z", value: (x) => x, derivative: () => 1},
  "x^2": {complexity: 2, formula: "z^2", value: (x) => x * x, derivative: (x) => 2 * x},
  "x^3": {complexity: 3, formula: "z^3", value: (x) => x * x * x, derivative: (x) => 3 * x * x},
  "x^4": {complexity: 3, formula: "z^4", value: (x) => x * x * (x * x), derivative: (x) => 4 * x * x * x},
  "x^5": {
    complexity: 3,
    formula: "z^5",
    value: (x) => x * x * x * (x * x),
    derivative: (x) => 5 * x * x * (x * x)
  },
  "1/x": {complexity: 2, ...inversePower(1, (x) => 1 / x)},
  "1/x^2": {complexity: 2, ...inversePower(2, (x) => 1 / (x * x))},
  "1/x^3": {complexity: 3, ...inversePower(3, (x) => 1 / (x * x * x))},
  "1/x^4": {complexity: 4, ...inversePower(4, (x) => 1 / (x * x * (x * x)))},
  "1/x^5": {complexity: 5, ...inversePower(5, (x) => 1 / (x * (x * x) * (x * x)))},
  sqrt: squareRoot(),
  "x^0.5": squareRoot(),
  "x^1.5": {
    complexity: 4,
    formula: "z^1.5",
    value: (x) => x * sqrt(x),
    derivative: (x) => 1.5 * sqrt(x),
    guarded: (x) => abs(x) * sqrt(abs(x)),
    guardedDerivative: (x) => 1.5 * sign(x) * sqrt(abs(x))
  },
  "1/sqrt(x)": inverseSquareRoot(),
  "1/x^0.5": inverseSquareRoot(),
  exp: {
    complexity: 2,
    formula: "exp(z)",
    value: exp,
    derivative: exp,
    guarded: (x, limit) => (x > log(limit) ? limit : exp(x)),
    guardedDerivative: (x, limit) => (x > log(limit) ? 0 : exp(x))
  },
  log: {
    complexity: 2,
    formula: "log(z)",
    value: log,
    derivative: (x) => (x < 0 ? Number.NaN : 1 / x),
    guarded: (x, limit) => (abs(x) <= exp(-limit) ? -limit : log(abs(x))),
    guardedDerivative: (x, limit) => (abs(x) <= exp(-limit) ? 0 : 1 / x)
  },
  abs: {complexity: 3, formula: "abs(z)", value: abs, derivative: sign},
  sin: {complexity: 2, formula: "sin(z)", value: sin, derivative: cos},
  cos: {complexity: 2, formula: "cos(z)", value: cos, derivative: (x) => -sin(x)},
  tan: {
    complexity: 3,
    formula: "tan(z)",
    value: tan,
    derivative: (x) => 1 + tan(x) ** 2,
    guarded: (x, limit) => (abs(fromPole(x)) < gap(limit) ? (-limit / gap(limit)) * fromPole(x) : tan(x)),
    guardedDerivative: (x, limit) => (abs(fromPole(x)) < gap(limit) ? -limit / gap(limit) : 1 + tan(x) ** 2)
  },
  tanh: {complexity: 3, formula: "tanh(z)", value: tanh, derivative: (x) => 1 - tanh(x) ** 2},
  sgn: {complexity: 3, formula: "sign(z)", value: sign, derivative: () => 0},
  arcsin: {
    complexity: 4,
    formula: "asin(z)",
    value: asin,
    derivative: (x) => 1 / sqrt(1 - x * x),
    guarded: (x) => asin(withinOne(x)),
    guardedDerivative: (x) => (abs(x) < 1 ? 1 / sqrt(1 - x * x) : 0)
  },
  arccos: {
    complexity: 4,
    formula: "acos(z)",
    value: acos,
    derivative: (x) => -1 / sqrt(1 - x * x),
    guarded: (x) => acos(withinOne(x)),
    guardedDerivative: (x) => (abs(x) < 1 ? -1 / sqrt(1 - x * x) : 0)
  },
  arctan: {complexity: 4, formula: "atan(z)", value: atan, derivative: (x) => 1 / (1 + x * x)},
  arctanh: {
    complexity: 4,
    formula: "atanh(z)",
    value: atanh,
    derivative: (x) => (abs(x) > 1 ? Number.NaN : 1 / (1 - x * x)),
    guarded: (x, limit) => (abs(x) > tanh(limit) - 1e-4 ? limit * sign(x) : atanh(x)),
    guardedDerivative: (x, limit) => (abs(x) > tanh(limit) - 1e-4 ? 0 : 1 / (1 - x * x))
  },
  "0": {complexity: 0, formula: "0", value: (x) => 0 * x, derivative: () => 0},
  gaussian: {
    complexity: 3,
    formula: "exp(-z^2)",
    value: (x) => exp(-x * x),
    derivative: (x) => -2 * x * exp(-x * x)
  }
};

/** Not among the suggestions unless they are asked for. */
const MORE: Record<string, SymbolicRow> = {
  "x^(1/3)": {
    complexity: 3,
    formula: "cbrt(z)",
    value: cbrt,
    derivative: (x) => 1 / (3 * cbrt(x) ** 2),
    guarded: cbrt,
    guardedDerivative: (x, limit) => (x === 0 ? limit : 1 / (3 * cbrt(x) ** 2))
  },
  sinh: {
    complexity: 3,
    formula: "sinh(z)",
    value: sinh,
    derivative: cosh,
    guarded: (x, limit) => sinh(within(x, asinh(limit))),
    guardedDerivative: (x, limit) => (abs(x) > asinh(limit) ? 0 : cosh(x))
  },
  cosh: {
    complexity: 3,
    formula: "cosh(z)",
    value: cosh,
    derivative: sinh,
    guarded: (x, limit) => cosh(within(x, asinh(limit))),
    guardedDerivative: (x, limit) => (abs(x) > asinh(limit) ? 0 : sinh(x))
  },
  sech: {complexity: 3, formula: "sech(z)", value: sech, derivative: (x) => -sech(x) * tanh(x)},
  arcsinh: {complexity: 4, formula: "asinh(z)", value: asinh, derivative: (x) => 1 / Math.hypot(1, x)},
  sigmoid: {
    complexity: 3,
    formula: "1/(1 + exp(-z))",
    value: sigmoid,
    derivative: (x) => sigmoid(x) * sigmoid(-x)
  },
  softplus: {
    complexity: 4,
    formula: "log(1 + exp(z))",
    value: (x) => Math.max(x, 0) + log1p(exp(-abs(x))),
    derivative: sigmoid
  }
};

const all: Record<string, SymbolicFunction> = Object.fromEntries(
  Object.entries({...PYKAN, ...MORE}).map(([name, row]) => [name, Object.freeze(complete(name, row))])
);

/**
 * The functions that an edge can be, by name: pykan's twenty-nine with their complexities (`x^0.5` is `sqrt` and `1/x^0.5` is
 * `1/sqrt(x)`, as there), x^(1/3), sinh, cosh, sech, arcsinh, sigmoid and softplus, and those that `addSymbolic` added.
 */
export const symbolicFunctions: Readonly<Record<string, SymbolicFunction>> = all;

/** Names that `addSymbolic` added. */
const added = new Set<string>();

/** Makes a function one of `symbolicFunctions`, in the place of one that was added under that name. */
export function register(name: string, row: SymbolicRow): SymbolicFunction {
  const made = Object.freeze(complete(name, row));
  added.add(name);
  all[name] = made;
  return made;
}

/** Whether a name is one that every copy of the library knows. */
export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(all, name) && !added.has(name);
}

/** What `suggestSymbolic` tries unless it is told otherwise: pykan's library and the functions that were added. */
export function suggestedLibrary(): string[] {
  return [...pykanLibrary, ...added];
}

/** Names of pykan's library, in its order: what `suggestSymbolic` tries besides functions that were added. */
// An object's own order begins with the names that are numbers.
export const pykanLibrary: readonly string[] = Object.freeze([
  ...Object.keys(PYKAN).filter((name) => name !== "0" && name !== "gaussian"),
  "0",
  "gaussian"
]);

/**
 * The function of a name. Throws ArgumentError with the names that look like it when there is none.
 *
 * @example
 * import {symbolicFunction} from "petri/kan";
 *
 * const {value, derivative, complexity} = symbolicFunction("sin");
 * display({value: value(1), derivative: derivative(1), complexity});
 */
export function symbolicFunction(name: string): SymbolicFunction {
  const known = Object.hasOwn(symbolicFunctions, name) ? symbolicFunctions[name] : undefined;
  if (known) return known;
  if (typeof name !== "string")
    throw new ArgumentError(
      `A symbolic function is told by its name, one of the keys of symbolicFunctions such as "sin", got ${String(name)}.`
    );
  const near = nearNames(name, Object.keys(symbolicFunctions));
  throw new ArgumentError(
    `There is no symbolic function called ${JSON.stringify(name)}. ` +
      `${near.length > 0 ? `Near it: ${near.join(", ")}. ` : ""}All of them are the keys of symbolicFunctions.`
  );
}

/** The value, or the guarded one where the function is not finite. */
export function finiteValue(f: SymbolicFunction, x: number, limit = 1000): number {
  const value = f.value(x);
  return Number.isFinite(value) ? value : f.guarded(x, limit);
}

/** The derivative of `finiteValue`. */
export function finiteDerivative(f: SymbolicFunction, x: number, limit = 1000): number {
  if (!Number.isFinite(f.value(x))) return f.guardedDerivative(x, limit);
  const slope = f.derivative(x);
  return Number.isFinite(slope) ? slope : f.guardedDerivative(x, limit);
}

function complete(name: string, row: SymbolicRow): SymbolicFunction {
  return {name, guarded: row.value, guardedDerivative: row.derivative, ...row};
}

/** `value` is a quotient of products: `**` takes ten times as long. Near 0 an odd power goes straight through it and an even one stays at the limit, both from where the function reaches the limit. */
function inversePower(power: number, value: Curve): Omit<SymbolicRow, "complexity"> {
  const isOdd = power % 2 === 1;
  const reach = (limit: number) => limit ** (-1 / power);
  const derivative = (x: number) => (-power * value(x)) / x;
  const bridge = (x: number, limit: number) => (isOdd ? (limit / reach(limit)) * x : limit);
  const bridgeSlope = (limit: number) => (isOdd ? limit / reach(limit) : 0);
  return {
    formula: power === 1 ? "1/z" : `1/z^${power}`,
    value,
    derivative,
    guarded: (x, limit) => (abs(x) < reach(limit) ? bridge(x, limit) : value(x)),
    guardedDerivative: (x, limit) => (abs(x) < reach(limit) ? bridgeSlope(limit) : derivative(x))
  };
}

/** Odd beyond 0. Its slope at 0 is pykan's: with it the curve jumps by about 1 / limit, 1 / limit^2 from 0. */
function squareRoot(): SymbolicRow {
  return {
    complexity: 2,
    formula: "sqrt(z)",
    value: sqrt,
    derivative: (x) => 0.5 / sqrt(x),
    guarded: (x, limit) => (abs(x) < limit ** -2 ? x * limit ** -3 : sign(x) * sqrt(abs(x))),
    guardedDerivative: (x, limit) => (abs(x) < limit ** -2 ? limit ** -3 : 0.5 / sqrt(abs(x)))
  };
}

function inverseSquareRoot(): SymbolicRow {
  return {
    complexity: 2,
    formula: "1/sqrt(z)",
    value: (x) => 1 / sqrt(x),
    derivative: (x) => -0.5 / (x * sqrt(x)),
    guarded: (x, limit) => (abs(x) < limit ** -2 ? limit : 1 / sqrt(abs(x))),
    guardedDerivative: (x, limit) => (abs(x) < limit ** -2 ? 0 : -0.5 / (x * sqrt(abs(x))))
  };
}

/** How far x is beyond the nearest pole of the tangent, in [-pi/2, pi/2). */
function fromPole(x: number): number {
  return x - PI / 2 - PI * Math.round((x - PI / 2) / PI);
}

/** How near to a pole the tangent is `limit`. */
function gap(limit: number): number {
  return PI / 2 - atan(limit);
}

function within(x: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, x));
}

function withinOne(x: number): number {
  return within(x, 1);
}

function sech(x: number): number {
  return 1 / cosh(x);
}

function sigmoid(x: number): number {
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}
