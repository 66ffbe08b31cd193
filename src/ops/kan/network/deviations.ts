import type {KanNetwork} from "../network.ts";
import type {Spread} from "./backward.ts";
import {inputsOf, type LayerPass, type Pass} from "./pass.ts";

/**
 * Means and standard deviations (unbiased, over the samples) of what each layer gets, of its edges and of its sums: of the
 * pass of a `forward` that kept edges.
 */
export function deviationsOf(network: KanNetwork, pass: Pass): Spread[] {
  const {samples} = pass;
  return network.layers.map((_, l) => {
    const own = pass.layers[l] as LayerPass;
    const numeric = deviations(own.numeric, samples);
    const whole = own.whole === own.numeric ? numeric : deviations(own.whole, samples);
    const input = deviations(inputsOf(pass, l), samples);
    const sum = deviations(own.sums, samples);
    return {
      numeric: numeric.deviation,
      numericMean: numeric.mean,
      whole: whole.deviation,
      wholeMean: whole.mean,
      input: input.deviation,
      inputMean: input.mean,
      sum: sum.deviation,
      sumMean: sum.mean
    };
  });
}

/** The same record with zeros for the deviations: derivatives by them are added up there. */
export function slopesLike(spread: Spread): Spread {
  return {
    ...spread,
    numeric: new Float64Array(spread.numeric.length),
    whole: new Float64Array(spread.whole.length),
    input: new Float64Array(spread.input.length),
    sum: new Float64Array(spread.sum.length)
  };
}

/** Derivatives by deviations as gains: d deviation / d value is (value - mean) / ((samples - 1) deviation), 0 where it is 0. */
export function intoGains(slopes: Spread, spread: Spread, samples: number): void {
  for (const part of ["numeric", "whole", "input", "sum"] as const) {
    const [gains, deviation] = [slopes[part], spread[part]];
    for (let i = 0; i < gains.length; ++i) {
      const width = (samples - 1) * (deviation[i] as number);
      gains[i] = width > 0 ? (gains[i] as number) / width : 0;
    }
  }
}

function deviations(values: Float64Array, samples: number): {mean: Float64Array; deviation: Float64Array} {
  const count = values.length / samples;
  const mean = new Float64Array(count);
  const deviation = new Float64Array(count);
  for (let i = 0; i < count; ++i) {
    let sum = 0;
    for (let at = i * samples; at < (i + 1) * samples; ++at) sum += values[at] as number;
    const middle = sum / samples;
    let squares = 0;
    for (let at = i * samples; at < (i + 1) * samples; ++at)
      squares += ((values[at] as number) - middle) ** 2;
    mean[i] = middle;
    deviation[i] = samples > 1 ? Math.sqrt(squares / (samples - 1)) : 0;
  }
  return {mean, deviation};
}
