import {oddValues} from "../../tables/curves.ts";

/** The bit of a value that is not finite, 0 for one that is. */
export function oddBit(value: number): number {
  if (Number.isFinite(value)) return 0;
  if (Number.isNaN(value)) return oddValues.nan;
  return value > 0 ? oddValues.infinite : oddValues.negativeInfinite;
}
