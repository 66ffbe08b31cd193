import type {FusedActivation} from "../../src/gpu/kernels/activation-grad.ts";

/** Numbers that look random and are the same every time: a multiplicative generator, in [-1, 1). */
export function randomNumbers(seed: number, count: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** How the operands of a product lie, and the product's size. */
export interface ProductLayout {
  rows: number;
  columns: number;
  inner: number;
  transposeA?: boolean;
  transposeB?: boolean;
}

/** op(a) op(b) in double precision, straight from the definition. */
export function productOf(a: ArrayLike<number>, b: ArrayLike<number>, layout: ProductLayout): Float64Array {
  const {rows, columns, inner, transposeA = false, transposeB = false} = layout;
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; ++i)
    for (let j = 0; j < columns; ++j)
      for (let k = 0; k < inner; ++k) {
        const x = a[transposeA ? k * rows + i : i * inner + k] as number;
        const y = b[transposeB ? j * inner + k : k * columns + j] as number;
        out[i * columns + j] = (out[i * columns + j] as number) + x * y;
      }
  return out;
}

/** The activations, and their derivatives as functions of the sum before. */
export const ACTIVATIONS: Record<FusedActivation, [(z: number) => number, (z: number) => number]> = {
  linear: [(z) => z, () => 1],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
  tanh: [Math.tanh, (z) => 1 / Math.cosh(z) ** 2],
  sigmoid: [(z) => 1 / (1 + Math.exp(-z)), (z) => Math.exp(-z) / (1 + Math.exp(-z)) ** 2],
  elu: [(z) => (z > 0 ? z : Math.expm1(z)), (z) => (z > 0 ? 1 : Math.exp(z))]
};
