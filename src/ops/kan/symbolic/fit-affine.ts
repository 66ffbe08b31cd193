import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {SymbolicEdge} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type AffineSamples, affineSamples, type Scores, scoresOf} from "./affine-rows.ts";
import {bestGradualPoint, bestPoint, isBorder} from "./best-point.ts";
import {scoreOne} from "./curve-rows.ts";
import {finiteValue, type SymbolicFunction, symbolicFunction} from "./functions.ts";
import {polished} from "./polish.ts";

/** A function fitted to a curve: scale * f(inner * x + offset) + shift. */
export interface AffineFit extends SymbolicEdge {
  /** Squared correlation of y and the fitted curve, with 1e-4 added below its fraction, as pykan does; 0 when nothing fits. */
  readonly r2: number;
}

/** Where `fitAffine` looks. */
export interface AffineFitOptions {
  /** Between which `inner` and `offset` are looked for. Default -10 and 10. */
  readonly low?: number;
  readonly high?: number;
  /** Values of each that a sweep tries. Default 101. */
  readonly points?: number;
  /** Sweeps, each between the neighbours of the best point of the one before. Default 3. */
  readonly rounds?: number;
  /** The sweeps look at this many samples, evenly spread over x; regression and polish look at all. Default: at all. */
  readonly samples?: number;
  /** Whether the best point is improved by least squares in all four numbers. Default false: pykan stops at the sweeps. */
  readonly polish?: boolean;
}

const OPTIONS = {low: true, high: true, points: true, rounds: true, samples: true, polish: true} as const;

/** Curves that follow y worse than this may be so steep between two samples that their scores are not gradual. */
const FAIR = 0.5;

interface Span {
  readonly low: number;
  readonly high: number;
}

interface Best {
  readonly inner: number;
  readonly offset: number;
  readonly r2: number;
}

/**
 * Fits y = scale * f(inner * x + offset) + shift, as pykan's fit_params does: sweeps over inner and offset for the largest
 * squared correlation, then linear regression for scale and shift. Samples that are not finite are left out; points where the
 * function is not a number on some sample count as no fit. Of an even or odd function, whose fits come in pairs, the one with
 * inner >= 0 is given.
 *
 * Source: Liu et al., KAN: Kolmogorov-Arnold Networks, 2024 (kan/utils.py).
 *
 * Throws ArgumentError for an unknown function (with the names near it), for x and y of different lengths, for fewer than two
 * samples that are finite, and for options out of range.
 *
 * @example
 * import {fitAffine} from "petri/kan";
 *
 * const x = Float64Array.from({length: 50}, (_, i) => i / 25 - 1);
 * const y = x.map((at) => 2 * Math.sin(3 * at + 0.5) - 1);
 * display(fitAffine(x, y, "sin", {polish: true}));
 */
export function fitAffine(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  name: string,
  options: AffineFitOptions = {}
): AffineFit {
  const all = checkedSamples(x, y);
  const {low = -10, high = 10, points = 101, rounds = 3, samples = all.x.length, polish = false} = options;
  checkOptionNames("fitAffine", options, OPTIONS);
  checkNumber("low", low);
  checkNumber("high", high, low);
  checkCount("points", points, 3);
  checkCount("rounds", rounds);
  checkCount("samples", samples, 2);
  const f = symbolicFunction(name);
  const sweeps = {low, high, points, rounds, startsAtZero: low === -high && isMirrored(f)};
  const fit = regressed(f, all, bestOf(f, all, samples, sweeps));
  return polish ? polished(f, all, fit) : fit;
}

/** The best point of the sweeps over some samples; over all, where it does not hold for those that were left out. */
function bestOf(f: SymbolicFunction, all: AffineSamples, count: number, sweeps: Sweeps): Best {
  if (count >= all.x.length) return sweep(scoresOf(f, all), sweeps);
  const found = sweep(scoresOf(f, spread(all, count)), sweeps);
  const r2 = scoreOne(f, all, found.inner, found.offset);
  return r2 > found.r2 - 0.01 ? {...found, r2} : sweep(scoresOf(f, all), sweeps);
}

/** Samples at even steps through those in order of x, with both ends. */
function spread({x, y, mean}: AffineSamples, count: number): AffineSamples {
  const order = [...x.keys()].sort((a, b) => (x[a] as number) - (x[b] as number));
  const step = (x.length - 1) / (count - 1);
  const rows = Array.from({length: count}, (_, i) => order[Math.round(i * step)] as number);
  const pick = (values: Float64Array) => Float64Array.from(rows, (i) => values[i] as number);
  return affineSamples(
    pick(x),
    pick(y).map((value) => value + mean)
  );
}

function checkedSamples(x: ArrayLike<number>, y: ArrayLike<number>): AffineSamples {
  if (x.length !== y.length)
    throw new ArgumentError(`x and y must be of the same length, got ${x.length} and ${y.length} numbers.`);
  const rows = Array.from({length: x.length}, (_, i) => i).filter(
    (i) => Number.isFinite(x[i]) && Number.isFinite(y[i])
  );
  if (rows.length < 2)
    throw new ArgumentError(
      `Fitting a function needs at least two samples whose x and y are finite, got ${rows.length} among ${x.length}.`
    );
  const pick = (values: ArrayLike<number>) => Float64Array.from(rows, (i) => values[i] as number);
  return affineSamples(pick(x), pick(y));
}

interface Sweeps extends Span {
  readonly points: number;
  readonly rounds: number;
  /** The first sweep leaves out negative values of inner. */
  readonly startsAtZero: boolean;
}

function sweep(scores: Scores, {low, high, points, rounds, startsAtZero}: Sweeps): Best {
  let [inners, offsets]: [Span, Span] = [
    {low, high},
    {low, high}
  ];
  let found: Best = {inner: 0, offset: 0, r2: -1};
  for (let round = 0; round < rounds; round++) {
    const [a, b] = [steps(inners, points), steps(offsets, points)];
    const {i, j, r2} =
      round > 0 && scores.isGradual && found.r2 > FAIR
        ? bestGradualPoint(scores.row, a, b)
        : bestPoint(scores.row, a, b, round === 0 && startsAtZero);
    found = {inner: a[i] as number, offset: b[j] as number, r2};
    const isInside = !isBorder(i, a) && !isBorder(j, b);
    // At a border of one axis, the other is searched whole once more, as pykan does.
    if (isInside || isBorder(i, a)) inners = around(a, i);
    if (isInside || isBorder(j, b)) offsets = around(b, j);
  }
  return found;
}

/** Counted from both ends, as torch.linspace does: which points lie exactly on a pole depends on it. */
function steps({low, high}: Span, points: number): Float64Array {
  const step = (high - low) / (points - 1);
  return Float64Array.from({length: points}, (_, i) =>
    i < points / 2 ? low + step * i : high - step * (points - 1 - i)
  );
}

/** The cells to either side of a point. */
function around(values: Float64Array, index: number): Span {
  return {
    low: values[Math.max(0, index - 1)] as number,
    high: values[Math.min(values.length - 1, index + 1)] as number
  };
}

/** Whether f(-z) is f(z) or -f(z), so that (inner, offset) and (-inner, -offset) fit alike. */
function isMirrored(f: SymbolicFunction): boolean {
  return [0.3, 0.7].every((z) => Math.abs(f.value(-z)) === Math.abs(f.value(z)));
}

function regressed(f: SymbolicFunction, samples: AffineSamples, {inner, offset, r2}: Best): AffineFit {
  const values = samples.x.map((x) => finiteValue(f, inner * x + offset));
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  let [squares, products] = [0, 0];
  values.forEach((value, i) => {
    squares += (value - mean) ** 2;
    products += (value - mean) * (samples.y[i] as number);
  });
  const scale = squares > 0 ? products / squares : 0;
  return {name: f.name, inner, offset, scale, shift: samples.mean - scale * mean, r2};
}
