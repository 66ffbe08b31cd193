import type {KanBase} from "../network.ts";

/** Writes the base function of `count` numbers from `at` on into `values`, and its derivative into `slopes`. */
export function writeBase(
  base: KanBase,
  x: Float64Array,
  at: number,
  count: number,
  values: Float64Array,
  slopes: Float64Array
): void {
  if (base === "silu") writeSilu(x, at, count, values, slopes);
  else if (base === "identity") {
    values.set(x.subarray(at, at + count), at);
    slopes.fill(1, at, at + count);
  } else {
    values.fill(0, at, at + count);
    slopes.fill(0, at, at + count);
  }
}

function writeSilu(
  x: Float64Array,
  at: number,
  count: number,
  values: Float64Array,
  slopes: Float64Array
): void {
  for (let i = at; i < at + count; ++i) {
    const each = x[i] as number;
    const share = 1 / (1 + Math.exp(-each));
    values[i] = each * share;
    slopes[i] = share * (1 + each * (1 - share));
  }
}
