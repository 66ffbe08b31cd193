// Goodness in bins: the same bins for all blocks, positives and negatives, so that their histograms compare.
import type {BlockSummary} from "./model.ts";

const BINS = 24;

/** So much of all goodness lies within the bins; the few largest are counted in the last one. */
const WITHIN = 0.99;

export interface BlockHistogram {
  /** The share of the positives in each bin. */
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

export interface Histograms {
  /** Where the last bin ends; the first begins at 0. */
  readonly end: number;
  /** The largest share of all bins. */
  readonly most: number;
  readonly blocks: readonly BlockHistogram[];
}

/** Histograms on one scale. Goodness that is no number is left out. */
export function histogramsOf(blocks: readonly BlockSummary[]): Histograms {
  const end = endOf(blocks);
  const binned = blocks.map(({positive, negative}) => ({
    positive: sharesOf(positive, end),
    negative: sharesOf(negative, end)
  }));
  const most = Math.max(1e-9, ...binned.flatMap(({positive, negative}) => [...positive, ...negative]));
  return {end, most, blocks: binned};
}

/** The middle of some numbers. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** A round number behind nearly all goodness and behind every threshold, so that the scale moves seldom while a network learns. */
function endOf(blocks: readonly BlockSummary[]): number {
  const all = blocks.flatMap(({positive, negative}) => [...Array.from(positive), ...Array.from(negative)]);
  const sorted = all.filter(Number.isFinite).sort((a, b) => a - b);
  const usual = sorted[Math.ceil(WITHIN * sorted.length) - 1] ?? 0;
  const thresholds = blocks.map(({threshold = 0}) => 1.05 * threshold);
  return roundUp(Math.max(usual, ...thresholds));
}

/** The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8].find((each) => each * power >= value) ?? 10;
  return step * power;
}

function sharesOf(values: ArrayLike<number>, end: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (let i = 0; i < values.length; ++i) {
    const bin = Math.floor(((values[i] as number) / end) * BINS);
    if (Number.isNaN(bin)) continue;
    const within = Math.min(BINS - 1, Math.max(0, bin));
    counts[within] = (counts[within] as number) + 1;
  }
  return counts.map((count) => count / values.length);
}
