import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {inverseNormal} from "../../core/quantile.ts";
import {checkChoice} from "../../datasets/checks.ts";

export interface NoiseIntervalsOptions {
  /** Noise levels are exp of normal numbers of this mean, -1.2 by default. */
  mean?: number;
  /** And of this standard deviation, 1.2 by default. */
  deviation?: number;
  /** Between which they lie: [0.002, 80] by default. */
  range?: readonly [number, number];
  /** Borders where each block meets as many noise levels as any other ("equalMass", the default), or at equal ratios ("uniform"). */
  partition?: "equalMass" | "uniform";
}

const optionNames: Readonly<Record<keyof NoiseIntervalsOptions, true>> = {
  mean: true,
  deviation: true,
  range: true,
  partition: true
};

/** Noise levels shared out among blocks: block t from 1 takes those from borders[t - 1] down to borders[t]. */
export interface NoiseIntervals {
  /** From the highest noise level to the lowest. */
  readonly borders: readonly number[];
  /** So many levels of the block's interval as the normal distribution has them: each as likely as the others. */
  levels(block: number, count: number): Float32Array;
}

/**
 * The noise levels of a diffusion process in the manner of EDM (Karras et al. 2022), ln sigma normally distributed, cut into
 * intervals for blocks. Throws an ArgumentError for a range that is none.
 *
 * @example
 * import {noiseIntervals} from "petri/forward-forward";
 *
 * display(noiseIntervals(4).borders);
 * display(noiseIntervals(4, {partition: "uniform"}).borders);
 */
export function noiseIntervals(blocks: number, options: NoiseIntervalsOptions = {}): NoiseIntervals {
  checkOptions("noiseIntervals", options, optionNames);
  const {mean = -1.2, deviation = 1.2, range = [0.002, 80], partition = "equalMass"} = options;
  checkCount("blocks", blocks);
  checkNumber("mean", mean);
  checkNumber("deviation", deviation, Number.MIN_VALUE);
  checkChoice("partition", partition, ["equalMass", "uniform"]);
  const [low, high] = checkedRange(range);
  const massOf = (sigma: number) => normalMass((Math.log(sigma) - mean) / deviation);
  const sigmaOf = (mass: number) => Math.exp(mean + deviation * inverseNormal(mass));
  const [least, most] = [massOf(low), massOf(high)];
  if (!(most - least > LEAST_MASS))
    throw new ArgumentError(
      `Between the noise levels ${low} and ${high} there is next to nothing of exp(normal) of mean ${mean} and deviation ${deviation}: take a mean between ${Math.log(low).toFixed(1)} and ${Math.log(high).toFixed(1)}, or a larger deviation.`
    );
  const borders = Array.from({length: blocks + 1}, (_, t) => {
    if (t === 0) return high;
    if (t === blocks) return low;
    const share = t / blocks;
    return partition === "uniform" ? high * (low / high) ** share : sigmaOf(most + (least - most) * share);
  });
  return {
    borders,
    levels(block, count) {
      checkCount("block", block);
      if (block > blocks) throw new ArgumentError(`block must be from 1 to ${blocks}, got ${block}.`);
      checkCount("count", count);
      const [from, to] = [borders[block - 1] as number, borders[block] as number];
      const [top, bottom] = [massOf(from), massOf(to)];
      return Float32Array.from({length: count}, (_, i) => {
        const level = sigmaOf(bottom + ((top - bottom) * (i + 0.5)) / count);
        return Math.min(from, Math.max(to, level));
      });
    }
  };
}

/** Of the noise levels that have to lie in the range: with less, quantiles are lost to rounding. */
const LEAST_MASS = 1e-9;

function checkedRange(range: unknown): readonly [number, number] {
  const [low, high] = Array.isArray(range) ? range : [];
  const areNumbers = typeof low === "number" && typeof high === "number";
  if (areNumbers && low > 0 && high > low && high < Infinity) return [low, high];
  throw new ArgumentError(
    `range must be two noise levels above 0, such as [0.002, 80], the lower first, got ${Array.isArray(range) ? `[${range.join(", ")}]` : String(range)}.`
  );
}

/** The share of a standard normal below z: where its quantile is z, by halving. */
function normalMass(z: number): number {
  let [low, high] = [1e-15, 1 - 1e-15];
  for (let i = 0; i < 60; ++i) {
    const middle = (low + high) / 2;
    if (inverseNormal(middle) < z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
