// Two-dimensional classification problems in the manner of TensorFlow Playground and scikit-learn, made from a key.
import {checkCount, checkNumber} from "../core/errors.ts";
import type {Key} from "../core/key.ts";
import {checkSize} from "./checks.ts";
import type {Dataset} from "./dataset.ts";
import {type Chance, chooseKey} from "./generated/chance.ts";

export interface PlanarOptions extends Chance {
  /** Number of points, 500 by default; the classes get equal shares. */
  n?: number;
  /** Standard deviation of the normal noise added to both coordinates. */
  noise?: number;
}

/** A point for a position along its class's curve, u in [0, 1). */
type Curve = (label: number, u: number, v: number) => [number, number];

/**
 * Two interleaved half circles of radius 1 (scikit-learn's make_moons).
 *
 * @example
 * import {circles, gaussians, spirals, twoMoons, xor} from "petri/datasets";
 *
 * const points = Object.entries({twoMoons, circles, spirals, xor, gaussians}).flatMap(([name, make]) => {
 *   const {inputs, labels} = make({n: 200, seed: 1});
 *   return Array.from(labels, (label, i) => ({name, label, x: inputs[2 * i], y: inputs[2 * i + 1]}));
 * });
 * display(Plot.plot({height: 190, width, axis: null, color: {type: "categorical"}, marks: [
 *   Plot.dot(points, {x: "x", y: "y", fx: "name", fill: "label", r: 1.5})
 * ], fx: {axis: "top", label: null}}));
 */
export function twoMoons(options: PlanarOptions = {}): Dataset {
  return generate("two moons", 2, {noise: 0.1, ...options}, (label, u) => {
    const angle = Math.PI * u;
    return label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
  });
}

/** One circle within another: radius 1 outside, `factor` inside (scikit-learn's make_circles). */
export function circles(options: PlanarOptions & {factor?: number} = {}): Dataset {
  const {factor = 0.5} = options;
  checkNumber("factor", factor, 0, 1);
  return generate("circles", 2, {noise: 0.05, ...options}, (label, u) => {
    const radius = label === 0 ? 1 : factor;
    return [radius * Math.cos(2 * Math.PI * u), radius * Math.sin(2 * Math.PI * u)];
  });
}

/** Spiral arms from the centre to radius 1, `turns` times round. */
export function spirals(options: PlanarOptions & {classes?: number; turns?: number} = {}): Dataset {
  const {classes = 2, turns = 1.75} = options;
  checkCount("classes", classes, 2);
  checkNumber("turns", turns, 0);
  return generate("spirals", classes, {noise: 0.02, ...options}, (label, u) => {
    const angle = 2 * Math.PI * (turns * u + label / classes);
    return [u * Math.sin(angle), u * Math.cos(angle)];
  });
}

/** The quadrants of the square [-1, 1]^2: class 1 where the coordinates' signs are equal. */
export function xor(options: PlanarOptions = {}): Dataset {
  return generate("xor", 2, {noise: 0, ...options}, (label, u, v) => {
    const x = 2 * u - 1;
    const magnitude = 1 - v;
    return [x, x >= 0 === (label === 1) ? magnitude : -magnitude];
  });
}

/** Normal clouds whose centres lie evenly on a circle of radius 1; `noise` is their standard deviation. */
export function gaussians(options: PlanarOptions & {classes?: number} = {}): Dataset {
  const {classes = 2} = options;
  checkCount("classes", classes, 2);
  return generate("gaussians", classes, {noise: 0.3, ...options}, (label) => {
    const angle = 2 * Math.PI * (label / classes + 1 / 8);
    return [Math.cos(angle), Math.sin(angle)];
  });
}

function generate(
  name: string,
  classes: number,
  options: PlanarOptions & {noise: number},
  curve: Curve
): Dataset {
  const {n = 500, noise} = options;
  checkCount("n", n, classes);
  checkNumber("noise", noise, 0);
  checkSize(name, n, 2);
  const [positionKey, noiseKey] = chooseKey(name, options).split(2) as [Key, Key];
  const positions = positionKey.uniform(2 * n);
  const shifts = noiseKey.normal(2 * n, 0, noise);
  const inputs = new Float32Array(2 * n);
  const labels = Int32Array.from({length: n}, (_, i) => i % classes);
  labels.forEach((label, i) => {
    const [x, y] = curve(label, positions[2 * i] as number, positions[2 * i + 1] as number);
    inputs[2 * i] = x + (shifts[2 * i] as number);
    inputs[2 * i + 1] = y + (shifts[2 * i + 1] as number);
  });
  return {name, inputs, inputShape: [2], labels, classes};
}
