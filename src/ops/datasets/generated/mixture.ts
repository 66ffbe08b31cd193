import {checkCount, checkNumber} from "../../core/errors.ts";
import type {Key} from "../../core/key.ts";
import {checkSize} from "../checks.ts";
import type {Dataset} from "../dataset.ts";
import {type Chance, chooseKey} from "./chance.ts";

export interface MixtureOptions extends Chance {
  /** Points in all, 500 by default; the components get equal shares. */
  n?: number;
  /** Numbers a point, 2 by default. */
  dimensions?: number;
  /** Components, each a class; 3 by default. */
  components?: number;
  /** Standard deviation of the centres about 0 in every dimension, 3 by default. */
  separation?: number;
  /** Standard deviation of the points about their centre along every axis; 1 by default. */
  noise?: number;
  /** How far a component is stretched along its longest axis over its shortest, 1 (a ball) by default. */
  stretch?: number;
}

/**
 * A mixture of normal clouds in d dimensions, and their centres (components x dimensions). @throws ArgumentError
 *
 * @example
 * import {gaussianMixture} from "petri/datasets";
 *
 * const {inputs, labels} = gaussianMixture({components: 4, stretch: 3});
 * const points = Array.from(labels, (label, i) => ({x: inputs[2 * i], y: inputs[2 * i + 1], label: String(label)}));
 * display(Plot.dot(points, {x: "x", y: "y", stroke: "label"}).plot({width: 400, aspectRatio: 1}));
 */
export function gaussianMixture(options: MixtureOptions = {}): Dataset & {centres: Float32Array} {
  const {n = 500, dimensions = 2, components = 3, separation = 3, noise = 1, stretch = 1} = options;
  checkCount("dimensions", dimensions);
  checkCount("components", components);
  checkCount("n", n, components);
  checkNumber("separation", separation, 0);
  checkNumber("noise", noise, 0);
  checkNumber("stretch", stretch, 1);
  checkSize("gaussian mixture", n, dimensions);
  const [centreKey, axisKey, pointKey] = chooseKey("gaussian mixture", options).split(3) as [Key, Key, Key];
  const centres = centreKey.normal(components * dimensions, 0, separation);
  // A direction for each component: along it the cloud is `stretch` times as long.
  const axes = axisKey.normal(components * dimensions);
  const inputs = pointKey.normal(n * dimensions, 0, noise);
  const labels = Int32Array.from({length: n}, (_, i) => i % components);
  labels.forEach((label, i) => {
    const point = inputs.subarray(i * dimensions, (i + 1) * dimensions);
    const from = label * dimensions;
    lengthen(point, axes.subarray(from, from + dimensions), stretch);
    for (let d = 0; d < dimensions; ++d) point[d] = (point[d] as number) + (centres[from + d] as number);
  });
  return {name: "gaussian mixture", inputs, inputShape: [dimensions], labels, classes: components, centres};
}

/** Multiplies a vector's part along an axis. */
function lengthen(vector: Float32Array, axis: Float32Array, factor: number): void {
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, d) => sum + value * (b[d] as number), 0);
  const share = ((factor - 1) * dot(vector, axis)) / dot(axis, axis);
  for (let d = 0; d < vector.length; ++d) vector[d] = (vector[d] as number) + share * (axis[d] as number);
}
