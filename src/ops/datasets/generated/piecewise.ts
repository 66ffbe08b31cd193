import {checkCount, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkChoice, checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {addNoise, type Chance, chooseKey} from "./chance.ts";

export interface PiecewiseOptions extends Chance {
  /** Rows, 500 by default. */
  n?: number;
  /** Pieces, 5 by default. */
  pieces?: number;
  /** "linear" (the default): straight lines that meet. "constant": steps. */
  kind?: "linear" | "constant";
  /** Standard deviation of normal noise on the targets, 0 by default. */
  noise?: number;
}

/**
 * One number from -1 to 1 and what a function of pieces says to it. The breaks are drawn, no two nearer than half of an even
 * share; the function's values there (`knots`: position and value; for steps, where a step begins and its height) are standard normal. @throws ArgumentError
 *
 * @example
 * import {piecewise} from "petri/datasets";
 *
 * const {inputs, targets} = piecewise({noise: 0.05, seed: 3});
 * display(Plot.dot(inputs, {x: inputs, y: targets, r: 1}).plot({width: 400, height: 200}));
 */
export function piecewise(options: PiecewiseOptions = {}): Dataset & {knots: [number, number][]} {
  const {n = 500, pieces = 5, kind = "linear", noise = 0} = options;
  checkCount("n", n);
  checkCount("pieces", pieces);
  checkChoice("kind", kind, ["linear", "constant"]);
  checkNumber("noise", noise, 0);
  checkSize("piecewise", n, 1);
  checkSize("the knots", pieces, 2);
  const [inputKey, noiseKey, breakKey, valueKey] = chooseKey("piecewise", options).split(4) as [
    Key,
    Key,
    Key,
    Key
  ];
  const knots = makeKnots(breakKey, valueKey, pieces);
  const inputs = inputKey.uniform(n, -1, 1);
  const targets = inputs.map((x) => valueAt(knots, x, kind));
  addNoise(targets, noise, noiseKey);
  const labels = new Int32Array();
  return {
    name: `piecewise ${kind}`,
    inputs,
    inputShape: [1],
    labels,
    classes: 0,
    targets,
    targetShape: [],
    knots
  };
}

/** A knot in the middle half of the border between two even shares; the first and the last at the ends. */
function makeKnots(breakKey: Key, valueKey: Key, pieces: number): [number, number][] {
  const share = 2 / pieces;
  const shifts = breakKey.uniform(pieces + 1, -share / 4, share / 4);
  const values = valueKey.normal(pieces + 1);
  return Array.from(values, (value, i) => {
    if (i === 0 || i === pieces) return [i === 0 ? -1 : 1, value];
    return [-1 + i * share + (shifts[i] as number), value];
  });
}

function valueAt(knots: readonly [number, number][], x: number, kind: "linear" | "constant"): number {
  const next = Math.max(
    1,
    knots.findIndex(([at], i) => i > 0 && x < at)
  );
  const [[from, low], [to, high]] = [knots[next - 1], knots[next]] as [[number, number], [number, number]];
  return kind === "constant" ? low : low + ((high - low) * (x - from)) / (to - from);
}
