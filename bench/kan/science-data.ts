import {key} from "../../src/ops/core/key.ts";
import {predict} from "../../src/ops/kan/network/predict.ts";
import type {KanNetwork} from "../../src/ops/kan/network.ts";

export interface Samples {
  inputs: Float64Array;
  targets: Float64Array;
}

/** What a script prints of each network that it trained. */
export interface ScienceRow {
  case: string;
  metric: string;
  value: number;
  unit: string;
}

/** Samples of a function, its variables drawn evenly from [-1, 1]. */
export function samplesOf(
  f: (x: Float64Array) => number,
  variables: number,
  count: number,
  seed: number
): Samples {
  const inputs = Float64Array.from(key(seed).uniform(count * variables), (draw) => 2 * draw - 1);
  const targets = Float64Array.from({length: count}, (_, s) =>
    f(inputs.subarray(s * variables, (s + 1) * variables))
  );
  return {inputs, targets};
}

/** The root of a network's mean squared error. */
export function rmseOf(network: KanNetwork, {inputs, targets}: Samples): number {
  const outputs = predict(network, inputs);
  return Math.sqrt(
    outputs.reduce((sum, y, i) => sum + (y - (targets[i] as number)) ** 2, 0) / outputs.length
  );
}

/** pykan's second example: a composition of sums that a [4, 2, 1, 1] network can be. */
export function fourVariables(x: ArrayLike<number>): number {
  const [a, b, c, d] = Array.from(x) as [number, number, number, number];
  return Math.exp((Math.sin(Math.PI * (a * a + b * b)) + Math.sin(Math.PI * (c * c + d * d))) / 2);
}
