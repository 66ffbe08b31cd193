import {finiteValue, symbolicFunction} from "./functions.ts";

// Formulas as sums of products, brought into one form while they are made: constants are folded, what can be taken out of a
// function is taken out, and like terms are added up. That is what a network's formula needs, in time that grows with its size.

/** constant + terms. */
export interface Sum {
  readonly constant: number;
  readonly terms: readonly Term[];
}

/** factor times the product of the parts. */
export interface Term {
  readonly factor: number;
  readonly parts: readonly Part[];
}

/** base to a power. */
export interface Part {
  readonly base: Base;
  readonly power: number;
}

export type Base =
  | {readonly kind: "input"; readonly index: number}
  | {readonly kind: "call"; readonly name: string; readonly argument: Sum}
  | {readonly kind: "group"; readonly sum: Sum};

const POWERS: Readonly<Record<string, number>> = {
  x: 1,
  "x^2": 2,
  "x^3": 3,
  "x^4": 4,
  "x^5": 5,
  "1/x": -1,
  "1/x^2": -2,
  "1/x^3": -3,
  "1/x^4": -4,
  "1/x^5": -5,
  sqrt: 0.5,
  "x^0.5": 0.5,
  "x^1.5": 1.5,
  "1/sqrt(x)": -0.5,
  "1/x^0.5": -0.5
};

/** f(-z) = -f(z). */
const ODD: ReadonlySet<string> = new Set([
  "tan",
  "tanh",
  "arcsin",
  "arctan",
  "arctanh",
  "x^(1/3)",
  "sinh",
  "arcsinh",
  "sgn"
]);
const EVEN: ReadonlySet<string> = new Set(["abs", "gaussian", "cosh", "sech"]);

export function constant(value: number): Sum {
  return {constant: value, terms: []};
}

export function input(index: number): Sum {
  return only(1, [{base: {kind: "input", index}, power: 1}]);
}

/** a sum times a factor, plus a constant. */
export function affine(sum: Sum, factor: number, offset: number): Sum {
  const terms = sum.terms.map((term) => ({...term, factor: term.factor * factor}));
  return {constant: sum.constant * factor + offset, terms: terms.filter((term) => term.factor !== 0)};
}

export function added(sums: readonly Sum[]): Sum {
  const like = new Map<string, Term>();
  for (const term of sums.flatMap(({terms}) => terms)) {
    const key = JSON.stringify(term.parts);
    const factor = (like.get(key)?.factor ?? 0) + term.factor;
    like.set(key, {...term, factor});
  }
  return {
    constant: sums.reduce((total, sum) => total + sum.constant, 0),
    terms: [...like.values()].filter(({factor}) => factor !== 0)
  };
}

export function multiplied(sums: readonly Sum[]): Sum {
  const factors = sums.map(asProduct);
  const factor = factors.reduce((product, term) => product * term.factor, 1);
  return only(factor, merged(factors.flatMap(({parts}) => parts)));
}

/** A function of a sum. */
export function applied(name: string, sum: Sum): Sum {
  // As the network has it where the function is not a number.
  if (sum.terms.length === 0) return constant(finiteValue(symbolicFunction(name), sum.constant));
  const power = POWERS[name];
  if (power !== undefined) return raised(sum, power);
  if (name === "0") return constant(0);
  if (name === "exp") {
    const rest = call(name, affine(sum, 1, -sum.constant));
    return affine(rest, Math.exp(sum.constant), 0);
  }
  if (name === "sin" || name === "cos") return wave(name, sum);
  const factor = leading(sum);
  const rest = affine(sum, 1 / Math.abs(factor), 0);
  if (name === "log") return affine(call(name, rest), 1, Math.log(Math.abs(factor)));
  if (name === "abs") return affine(call(name, affine(sum, 1 / factor, 0)), Math.abs(factor), 0);
  if (name === "sgn") return affine(call(name, affine(sum, 1 / factor, 0)), Math.sign(factor), 0);
  const isTurned = factor < 0 && (ODD.has(name) || EVEN.has(name));
  return affine(call(name, isTurned ? affine(sum, -1, 0) : sum), isTurned && ODD.has(name) ? -1 : 1, 0);
}

/** A sum to a power: what it is a multiple of is raised by itself. */
export function raised(sum: Sum, power: number): Sum {
  if (power === 1) return sum;
  const {factor, parts} = asProduct(sum);
  if (Number.isInteger(power))
    return only(factor ** power, merged(parts.map((part) => ({...part, power: part.power * power}))));
  // Roots of products are not products of roots where the factors may be negative.
  const size = Math.abs(factor);
  const [part] = parts;
  const isPlain = factor > 0 && parts.length === 1 && part?.power === 1;
  const base: Base = isPlain ? part.base : {kind: "group", sum: affine(sum, 1 / size, 0)};
  return only(size ** power, [{base, power}]);
}

/** The numbers of a sum to so many digits; what is then too small to show beside the largest is gone. */
export function rounded(sum: Sum, digits: number): Sum {
  const terms = added(
    sum.terms.map((term) => {
      const parts = term.parts.map(({base, power}) => raised(roundedBase(base, digits), power));
      return affine(multiplied(parts), term.factor, 0);
    })
  );
  const whole = {...terms, constant: terms.constant + sum.constant};
  const largest = Math.max(Math.abs(whole.constant), ...whole.terms.map(({factor}) => Math.abs(factor)));
  const round = (value: number) =>
    Math.abs(value) < largest * 0.5 * 10 ** -digits ? 0 : Number(value.toPrecision(digits));
  return {
    constant: round(whole.constant),
    terms: whole.terms
      .map((term) => ({...term, factor: round(term.factor)}))
      .filter(({factor}) => factor !== 0)
  };
}

function roundedBase(base: Base, digits: number): Sum {
  if (base.kind === "input") return input(base.index);
  if (base.kind === "group") return rounded(base.sum, digits);
  const {name} = base;
  const argument = rounded(base.argument, digits);
  const isWave = (name === "sin" || name === "cos") && argument.terms.length > 0;
  return isWave ? roundedWave(name, argument, digits) : applied(name, argument);
}

/** A wave that was taken apart already: a quarter turn, as far as the digits tell, makes it the other one. */
function roundedWave(name: "sin" | "cos", inside: Sum, digits: number): Sum {
  if (Math.abs(inside.constant) !== Number((Math.PI / 2).toPrecision(digits))) return call(name, inside);
  const sign = (name === "sin") === inside.constant < 0 ? -1 : 1;
  return affine(call(name === "sin" ? "cos" : "sin", {...inside, constant: 0}), sign, 0);
}

/** A sum as one product: of more than one term, a group whose first term has the factor 1. */
function asProduct(sum: Sum): Term {
  const [first] = sum.terms;
  if (!first) return {factor: sum.constant, parts: []};
  if (sum.terms.length === 1 && sum.constant === 0) return first;
  const group: Base = {kind: "group", sum: affine(sum, 1 / first.factor, 0)};
  return {factor: first.factor, parts: [{base: group, power: 1}]};
}

/** sin or cos: half turns are taken out, and the sign of what is inside. */
function wave(name: "sin" | "cos", sum: Sum): Sum {
  const isTurned = leading(sum) < 0;
  const inside = isTurned ? affine(sum, -1, 0) : sum;
  const halfTurns = Math.ceil(inside.constant / Math.PI - 0.5);
  const sign = (halfTurns % 2 === 0 ? 1 : -1) * (isTurned && name === "sin" ? -1 : 1);
  return affine(call(name, affine(inside, 1, -halfTurns * Math.PI)), sign, 0);
}

function leading(sum: Sum): number {
  return sum.terms[0]?.factor ?? sum.constant;
}

function call(name: string, argument: Sum): Sum {
  return only(1, [{base: {kind: "call", name, argument}, power: 1}]);
}

function only(factor: number, parts: readonly Part[]): Sum {
  if (parts.length === 0) return constant(factor);
  return {constant: 0, terms: factor === 0 ? [] : [{factor, parts}]};
}

/** Powers of the same base as one, in an order of their own. */
function merged(parts: readonly Part[]): Part[] {
  const like = new Map<string, Part>();
  for (const part of parts) {
    const key = JSON.stringify(part.base);
    like.set(key, {base: part.base, power: (like.get(key)?.power ?? 0) + part.power});
  }
  return [...like.entries()]
    .filter(([, {power}]) => power !== 0)
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([, part]) => part);
}
