import type {RouteWeights} from "../../src/gpu/kernels/route-top-k.ts";

type Numbers = ArrayLike<number>;

const softmax = (row: readonly number[]) => {
  const top = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - top));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
};

/** The k best experts of each row of logits, in double precision. */
export function routed(
  logits: Numbers,
  {experts, k, weights, bias}: {experts: number; k: number; weights: RouteWeights; bias?: Numbers | undefined}
) {
  const out = {indices: [] as number[], weights: [] as number[], probabilities: [] as number[]};
  for (let start = 0; start < logits.length; start += experts) {
    const row = Array.from({length: experts}, (_, e) => logits[start + e] as number);
    const all = weights.endsWith("igmoid") ? row.map((value) => 1 / (1 + Math.exp(-value))) : softmax(row);
    const keys = bias ? all.map((p, e) => p + (bias[e] as number)) : row;
    const best = keys
      .map((_, e) => e)
      .sort((a, b) => (keys[b] as number) - (keys[a] as number) || a - b)
      .slice(0, k);
    const chosen = best.map((e) => all[e] as number);
    const sum = weights.startsWith("renormalised") ? chosen.reduce((total, p) => total + p, 0) : 1;
    out.indices.push(...best);
    out.weights.push(...chosen.map((p) => p / sum));
    out.probabilities.push(...all);
  }
  return out;
}

/** Experts that are one layer each, and which tokens go to them. */
export interface Experts {
  /** [n, inner]. */
  x: Numbers;
  /** [experts, inner, columns]. */
  kernels: Numbers;
  /** [experts, columns]. */
  bias: Numbers;
  /** [n, k]. */
  choices: readonly number[];
  n: number;
  k: number;
  experts: number;
  inner: number;
  columns: number;
}

const at = (values: Numbers, i: number) => values[i] as number;
const add = (values: number[], i: number, value: number) => {
  values[i] = (values[i] as number) + value;
};
const zeros = (size: number) => Array<number>(size).fill(0);

/** Choice after choice in the given order: what each expert makes of its tokens, and the gradients of sum(y dy). */
export function grouped(
  {x, kernels, bias, choices, n, k, experts, inner, columns}: Experts,
  order: readonly number[],
  dy: Numbers,
  [activate, slope]: readonly [(z: number) => number, (z: number) => number]
) {
  const out = {
    y: zeros(order.length * columns),
    dx: zeros(n * inner),
    dKernels: zeros(experts * inner * columns),
    dBias: zeros(experts * columns)
  };
  order.forEach((choice, row) => {
    const e = choices[choice] as number;
    if (e < 0) return;
    const token = Math.floor(choice / k);
    for (let j = 0; j < columns; ++j) {
      let z = at(bias, e * columns + j);
      for (let i = 0; i < inner; ++i)
        z += at(x, token * inner + i) * at(kernels, (e * inner + i) * columns + j);
      out.y[row * columns + j] = activate(z);
      const dz = at(dy, row * columns + j) * slope(z);
      add(out.dBias, e * columns + j, dz);
      for (let i = 0; i < inner; ++i) {
        add(out.dKernels, (e * inner + i) * columns + j, at(x, token * inner + i) * dz);
        add(out.dx, token * inner + i, at(kernels, (e * inner + i) * columns + j) * dz);
      }
    }
  });
  return out;
}

/** The weighted sums of each token's rows, and the gradients of sum(out dy). */
export function combined(
  y: Numbers,
  weights: Numbers,
  places: readonly number[],
  dy: Numbers,
  {n, k, d}: {n: number; k: number; d: number}
) {
  const out = {out: zeros(n * d), dRows: zeros(y.length), dWeights: zeros(n * k)};
  places.forEach((place, choice) => {
    if (place < 0) return;
    const token = Math.floor(choice / k);
    for (let f = 0; f < d; ++f) {
      add(out.out, token * d + f, at(weights, choice) * at(y, place * d + f));
      add(out.dRows, place * d + f, at(weights, choice) * at(dy, token * d + f));
      add(out.dWeights, choice, at(y, place * d + f) * at(dy, token * d + f));
    }
  });
  return out;
}
