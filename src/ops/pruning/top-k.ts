/** 16-bit radix: two passes over the scores settle the threshold exactly. */
const BINS = 1 << 16;

/**
 * Masks (1 keep, 0 prune) that keep exactly the `keep` largest of all scores. Equal scores: the lower flat index stays,
 * earlier arrays first. NaN counts as smaller than everything. Linear time and no sort: the k-th largest score is found
 * by a radix select on the bits of the floats.
 *
 * @example
 * import {keepLargest} from "petri/pruning";
 *
 * for (const mask of keepLargest([new Float32Array([0.1, 3, 2]), new Float32Array([5, 0.5])], 3)) display(mask);
 */
export function keepLargest(scores: readonly Float32Array[], keep: number): Uint8Array[] {
  const high = new Uint32Array(BINS);
  eachRank(scores, (rank) => {
    high[rank >>> 16] = (high[rank >>> 16] ?? 0) + 1;
  });
  const top = binOf(high, keep);
  const low = new Uint32Array(BINS);
  eachRank(scores, (rank) => {
    if (rank >>> 16 === top.bin) low[rank & 0xffff] = (low[rank & 0xffff] ?? 0) + 1;
  });
  const rest = binOf(low, keep - top.above);
  const threshold = ((top.bin << 16) | rest.bin) >>> 0;
  let ties = keep - top.above - rest.above;
  const masks = scores.map((each) => new Uint8Array(each.length));
  eachRank(scores, (rank, array, i) => {
    if (rank > threshold || (rank === threshold && ties-- > 0)) (masks[array] as Uint8Array)[i] = 1;
  });
  return masks;
}

/** Visits every score as an unsigned integer in the order of the floats. */
function eachRank(
  scores: readonly Float32Array[],
  visit: (rank: number, array: number, i: number) => void
): void {
  scores.forEach((each, array) => {
    const bits = new Uint32Array(each.buffer, each.byteOffset, each.length);
    for (let i = 0; i < bits.length; ++i) visit(rankOf(bits[i] as number), array, i);
  });
}

function rankOf(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0;
  if (magnitude === 0) return 0x80000000;
  return (bits >>> 31 === 1 ? ~bits : bits | 0x80000000) >>> 0;
}

/** The bin that holds the keep-th largest, and how many lie in the bins above it. */
function binOf(bins: Uint32Array, keep: number): {bin: number; above: number} {
  let above = 0;
  for (let bin = bins.length - 1; bin > 0; --bin) {
    const here = bins[bin] as number;
    if (above + here >= keep) return {bin, above};
    above += here;
  }
  return {bin: 0, above};
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
