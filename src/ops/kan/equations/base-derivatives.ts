import type {KanBase} from "../network.ts";

/** Writes the base function at x and its first three derivatives. */
export function writeBaseDerivatives(base: KanBase, x: number, out: Float64Array): void {
  out.fill(0);
  if (base === "silu") writeSilu(x, out);
  else if (base === "identity") {
    out[0] = x;
    out[1] = 1;
  }
}

/** With s = sigmoid(x): s' = s (1 - s), and each derivative by the product rule from there. */
function writeSilu(x: number, out: Float64Array): void {
  const share = 1 / (1 + Math.exp(-x));
  const slope = share * (1 - share);
  const turn = 1 - 2 * share;
  out[0] = x * share;
  out[1] = share + x * slope;
  out[2] = slope * (2 + x * turn);
  out[3] = slope * (turn * (3 + x * turn) - 2 * x * slope);
}
