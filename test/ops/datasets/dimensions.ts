// Units of formulas: a second reading of their text, to find terms that cannot be added.
import type {Expression} from "../../../src/ops/datasets/index.ts";

/** Exponents of kg, m, s, C and K. */
export type Dimension = readonly number[];

const NONE: Dimension = [0, 0, 0, 0, 0];

const UNITS: Readonly<Record<string, Dimension>> = {
  "1": NONE,
  kg: [1, 0, 0, 0, 0],
  m: [0, 1, 0, 0, 0],
  s: [0, 0, 1, 0, 0],
  C: [0, 0, 0, 1, 0],
  K: [0, 0, 0, 0, 1],
  N: [1, 1, -2, 0, 0],
  J: [1, 2, -2, 0, 0],
  W: [1, 2, -3, 0, 0],
  Pa: [1, -1, -2, 0, 0],
  V: [1, 2, -2, -1, 0],
  A: [0, 0, -1, 1, 0],
  F: [-1, -2, 2, 2, 0],
  T: [1, 0, -1, -1, 0]
};

const power = (a: Dimension, exponent: number): Dimension => a.map((each) => each * exponent);
const times = (a: Dimension, b: Dimension): Dimension => a.map((each, i) => each + (b[i] ?? 0));
const equal = (a: Dimension, b: Dimension) => a.every((each, i) => Math.abs(each - (b[i] ?? 0)) < 1e-9);

/** Reads "N m^2/kg^2": factors, and behind the slash those below it. */
export function dimensionOf(unit: string): Dimension {
  const [above = "", below = ""] = unit.split("/");
  const product = (text: string) =>
    text
      .split(" ")
      .filter(Boolean)
      .reduce((all, factor) => {
        const [name = "", exponent = "1"] = factor.split("^");
        const known = UNITS[name];
        if (!known) throw new Error(`no such unit: ${name}`);
        return times(all, power(known, Number(exponent)));
      }, NONE);
  return times(product(above), power(product(below), -1));
}

/** The dimension of a formula, or an error where its parts do not go together. A number may have any: it is 1. */
export function dimensionOfFormula(tree: Expression, of: Readonly<Record<string, Dimension>>): Dimension {
  if (tree.kind === "number") return NONE;
  if (tree.kind === "name") return of[tree.name] ?? NONE;
  const [first, second] = tree.args as [Expression, Expression | undefined];
  const left = dimensionOfFormula(first, of);
  if (!second) {
    if (tree.operator === "-") return left;
    if (tree.operator === "sqrt") return power(left, 1 / 2);
    if (!equal(left, NONE)) throw new Error(`${tree.operator} of a quantity with the unit ${left}`);
    return NONE;
  }
  if (tree.operator === "^") {
    if (second.kind !== "number") throw new Error("a power that is no number");
    return power(left, second.value);
  }
  const right = dimensionOfFormula(second, of);
  if (tree.operator === "*") return times(left, right);
  if (tree.operator === "/") return times(left, power(right, -1));
  if (!equal(left, right)) throw new Error(`${left} ${tree.operator} ${right}`);
  return left;
}

export const sameDimension = equal;
