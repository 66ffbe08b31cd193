// efficient-kan's own rule for knots from samples.
import {checkNumber} from "../../core/errors.ts";
import {intervalCount} from "../spline/index.ts";

interface Samples {
  /** [samples, inputs]. */
  readonly x: Float64Array;
  readonly knots: Float64Array;
  readonly inputs: number;
  readonly order: number;
}

/**
 * Knots as efficient-kan's update_grid takes them (Blealtan 2024): quantiles of the samples, blended with an even grid that reaches `margin` beyond
 * them, and further knots at the even grid's distance. Samples that are all the same get a grid of twice the margin, and keep theirs where that is 0.
 */
export function efficientKnots(
  {x, knots, inputs, order}: Samples,
  {blend, margin}: {blend: number; margin: number}
): Float64Array {
  checkNumber("margin", margin, 0);
  checkNumber("blend", blend, 0, 1);
  const count = knots.length / inputs;
  const intervals = intervalCount(count, order);
  const samples = x.length / inputs;
  const all = new Float64Array(knots.length);
  for (let input = 0; input < inputs; ++input) {
    const sorted = Float64Array.from({length: samples}, (_, s) => x[s * inputs + input] as number).sort();
    const [least, most] = [sorted[0] as number, sorted[samples - 1] as number];
    const step = (most - least + 2 * margin) / intervals;
    // Without a range and a margin there is no grid to be made: the one that is there stays.
    if (!(step > Number.EPSILON * Math.max(Math.abs(least), Math.abs(most)))) {
      all.set(knots.subarray(input * count, (input + 1) * count), input * count);
      continue;
    }
    const interior = Float64Array.from({length: intervals + 1}, (_, i) => {
      const quantile = sorted[Math.floor(((samples - 1) * i) / intervals)] as number;
      return blend * (i * step + least - margin) + (1 - blend) * quantile;
    });
    for (let i = 0; i < count; ++i) {
      const at = Math.min(Math.max(i - order, 0), intervals);
      all[input * count + i] = (interior[at] as number) + (i - order - at) * step;
    }
  }
  return all;
}
