import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";

/** How much of a label is left in its noised embedding, block by block. Arrays are indexed by t = 0 ... T; block t takes z_(t-1) to z_t. */
export interface NoiseSchedule {
  /** The share of the embedding's variance in z_t, growing with t. */
  readonly alphaBar: readonly number[];
  /** Signal over noise, alphaBar / (1 - alphaBar). */
  readonly snr: readonly number[];
  /** z_t = a_t u + b_t z_(t-1) + sqrt(c_t) noise, for t = 1 ... T: the posterior of z_t given z_(t-1) and the label u. Entry 0 is 0. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly c: readonly number[];
}

/**
 * The schedule of a denoising process of so many steps: by a cosine, alphaBar_t = cos^2(pi/2 (T - t + 1/2) / (T + 1)), or from its
 * factors alpha_0 ... alpha_T between 0 and 1, of which alphaBar_t is the product from t on.
 * Throws an ArgumentError for factors that are not, and where there are fewer than two.
 *
 * @example
 * import {noiseSchedule} from "petri/forward-forward";
 *
 * const {alphaBar, snr} = noiseSchedule(10);
 * display(Plot.plot({height: 160, marks: [Plot.lineY(alphaBar, {marker: true})]}));
 * display(snr.at(-1));
 */
export function noiseSchedule(stepsOrFactors: number | readonly number[]): NoiseSchedule {
  if (typeof stepsOrFactors !== "number" && !Array.isArray(stepsOrFactors))
    throw new ArgumentError(
      `noiseSchedule takes the number of steps, or a list of factors, got ${String(stepsOrFactors)}.`
    );
  const alpha = typeof stepsOrFactors === "number" ? cosine(stepsOrFactors) : [...stepsOrFactors];
  if (alpha.length < 2)
    throw new ArgumentError(
      `A noise schedule needs a factor for every t from 0 to the number of blocks, got ${alpha.length}.`
    );
  for (const [t, factor] of alpha.entries()) {
    checkNumber(`factor ${t} of the noise schedule`, factor, 0, 1);
    if (factor === 0 || factor === 1)
      throw new ArgumentError(`Factor ${t} of the noise schedule must lie between 0 and 1, got ${factor}.`);
  }
  const alphaBar = [...alpha];
  for (let t = alpha.length - 2; t >= 0; --t) alphaBar[t] = at(alpha, t) * at(alphaBar, t + 1);
  const coefficients = alpha.map((_, t) => {
    if (t === 0) return {a: 0, b: 0, c: 0};
    const before = 1 - at(alphaBar, t - 1);
    const rest = 1 - at(alphaBar, t);
    const factor = at(alpha, t - 1);
    return {
      a: (Math.sqrt(at(alphaBar, t)) * (1 - factor)) / before,
      b: (Math.sqrt(factor) * rest) / before,
      c: (rest * (1 - factor)) / before
    };
  });
  return {
    alphaBar,
    snr: alphaBar.map((share) => share / (1 - share)),
    a: coefficients.map(({a}) => a),
    b: coefficients.map(({b}) => b),
    c: coefficients.map(({c}) => c)
  };
}

function cosine(steps: number): number[] {
  checkCount("steps", steps);
  const bar = Array.from(
    {length: steps + 1},
    (_, t) => Math.cos(((Math.PI / 2) * (steps - t + 0.5)) / (steps + 1)) ** 2
  );
  return bar.map((share, t) => share / (bar[t + 1] ?? 1));
}

const at = (numbers: readonly number[], t: number) => numbers[t] as number;
