// The formulas of the Feynman Symbolic Regression Database (S.-M. Udrescu, M. Tegmark, "AI Feynman", Science Advances 6,
// 2020): one hundred formulas of the Feynman Lectures on Physics, with the ranges in which that database draws.
import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {addNoise, type Chance, chooseKey} from "../generated/chance.ts";
import {compileExpression} from "./expression.ts";
import {VOLUME_1} from "./volume-1.ts";
import {VOLUME_2} from "./volume-2.ts";
import {VOLUME_3} from "./volume-3.ts";

/** A quantity and its SI unit, "1" for a number without one. */
export interface Quantity {
  name: string;
  unit: string;
}

export interface PhysicsFormula {
  /** Volume, chapter and number in the Feynman Lectures: "I.9.18". */
  id: string;
  name: string;
  /** The right-hand side as text, which parseExpression understands. */
  text: string;
  output: Quantity;
  /** What it depends on, with the range from which values are drawn. */
  variables: (Quantity & {low: number; high: number})[];
  /** The formula's value for values of the variables, in their order. */
  evaluate: (values: ArrayLike<number>) => number;
}

/** One hundred formulas of physics. */
export const physicsFormulas: readonly PhysicsFormula[] = [VOLUME_1, VOLUME_2, VOLUME_3].flatMap((volume) =>
  volume.trim().split("\n").map(readRow)
);

export interface PhysicsOptions extends Chance {
  /** Rows, 1000 by default. */
  n?: number;
  /** Standard deviation of normal noise on the targets, as a share of their root mean square; 0 by default. */
  noise?: number;
}

/**
 * Rows of a formula's variables, drawn evenly from their ranges, and its values. @throws ArgumentError
 *
 * @example
 * import {physics, physicsFormulas} from "petri/datasets";
 *
 * const {features, inputs, targets} = physics("I.9.18", {n: 500, noise: 0.01});
 * display({features, inputs, targets});
 * display(Inputs.table(physicsFormulas, {columns: ["id", "name", "text"]}));
 */
export function physics(id: string, options: PhysicsOptions = {}): Dataset {
  const formula = physicsFormulas.find((each) => each.id === id);
  if (!formula) {
    throw new ArgumentError(
      `There is no formula “${id}”; physicsFormulas has ${physicsFormulas.length}, such as “I.9.18”.`
    );
  }
  const {n = 1000, noise = 0} = options;
  checkCount("n", n);
  checkNumber("noise", noise, 0);
  const [rowKey, noiseKey] = chooseKey("physics", options).split(2) as [Key, Key];
  const {variables} = formula;
  checkSize("physics", n, variables.length);
  const inputs = new Float32Array(n * variables.length);
  const targets = new Float32Array(n);
  for (let row = 0; row < n; ++row) {
    const values = inputs.subarray(row * variables.length, (row + 1) * variables.length);
    targets[row] = drawRow(formula, rowKey.fold(row), values);
  }
  const rms = Math.sqrt(targets.reduce((sum, y) => sum + y * y, 0) / n);
  addNoise(targets, noise * rms, noiseKey);
  return {
    name: `${id} ${formula.name}`,
    inputs,
    inputShape: [variables.length],
    features: variables.map(({name}) => name),
    labels: new Int32Array(),
    classes: 0,
    targets,
    targetShape: [],
    attribution: "Feynman Symbolic Regression Database (S.-M. Udrescu, M. Tegmark, 2020)"
  };
}

/** Fills in values and gives the formula's; where it has none (0 / 0), other values are drawn. */
function drawRow({variables, evaluate}: PhysicsFormula, key: Key, values: Float32Array): number {
  for (let attempt = 0; ; ++attempt) {
    const draws = key.fold(attempt).uniform(variables.length);
    variables.forEach(({low, high}, i) => {
      values[i] = low + (high - low) * (draws[i] as number);
    });
    const value = evaluate(values);
    if (Number.isFinite(value)) return value;
  }
}

/** A row of the tables: id | name | output: unit | formula | variable: unit, low to high; ... */
function readRow(row: string): PhysicsFormula {
  const [id = "", name = "", output = "", text = "", list = ""] = row.split("|").map((part) => part.trim());
  const variables = list.split(";").map((variable) => {
    const [, each = "", unit = "", low, high] = /^\s*(\w+): (.+), (\S+) to (\S+)\s*$/.exec(variable) ?? [];
    return {name: each, unit, low: Number(low), high: Number(high)};
  });
  const [outputName = "", outputUnit = ""] = output.split(": ");
  const names = variables.map((variable) => variable.name);
  const evaluate = compileExpression(text, names);
  return {id, name, text, output: {name: outputName, unit: outputUnit}, variables, evaluate};
}
