import type {Envelope} from "./envelope.ts";

/**
 * The exponential moving average of a curve at the end of each of its stretches, without the pull to zero at its start
 * (as Adam does: Kingma and Ba 2015, section 3). `weight` in [0, 1) is the share that the past keeps at each row. A stretch of n
 * rows counts as n rows of its mean, so that the picture hardly depends on how many pixels it has.
 */
export function smooth(curve: Envelope, weight: number): Float64Array {
  const out = new Float64Array(curve.length);
  let average = 0;
  let known = 0;
  for (let i = 0; i < curve.length; ++i) {
    const finite = curve.finite[i] as number;
    if (finite === 0) {
      out[i] = Number.NaN;
      continue;
    }
    const past = weight ** finite;
    average = past * average + (1 - past) * curve.mean(i);
    known = past * known + (1 - past);
    out[i] = average / known;
  }
  return out;
}
