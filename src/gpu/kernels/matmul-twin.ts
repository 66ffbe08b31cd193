import type {Values} from "../kernel.ts";
import type {FusedActivation} from "./activation-grad.ts";
import type {MatMulLayout} from "./matmul-wgsl.ts";

/** The activations in JavaScript. */
export const ACTIVATE: Record<FusedActivation, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  elu: (x) => (x < 0 ? Math.expm1(x) : x)
};

/**
 * The product in JavaScript, summed in double precision: the oracle of the WGSL kernel and the cpu backend's own. Rows of b
 * are added up along memory, which caches like better than tfjs's walk down the columns.
 */
export function matMulTwin(
  a: Values,
  b: Values,
  bias: Values | undefined,
  layout: MatMulLayout
): Float32Array {
  const {batch, rows, columns, inner} = layout;
  const out = new Float32Array(batch * rows * columns);
  for (let stack = 0; stack < batch; ++stack) {
    const matrix = (values: Values, size: number) => values.subarray(stack * size, (stack + 1) * size);
    const result = out.subarray(stack * rows * columns, (stack + 1) * rows * columns);
    multiply(matrix(a, rows * inner), matrix(b, inner * columns), bias, layout, result);
  }
  return out;
}

function multiply(
  a: Values,
  b: Values,
  bias: Values | undefined,
  layout: MatMulLayout,
  out: Float32Array
): void {
  const {rows, columns, inner, transposeA, transposeB, activation} = layout;
  const right = transposeB ? transposed(b, columns, inner) : b;
  const sums = new Float64Array(columns);
  const activate = ACTIVATE[activation];
  for (let row = 0; row < rows; ++row) {
    if (bias) sums.set(bias);
    else sums.fill(0);
    for (let k = 0; k < inner; ++k) {
      const factor = a[transposeA ? k * rows + row : row * inner + k] as number;
      const start = k * columns;
      for (let j = 0; j < columns; ++j) sums[j] = (sums[j] as number) + factor * (right[start + j] as number);
    }
    for (let j = 0; j < columns; ++j) out[row * columns + j] = activate(sums[j] as number);
  }
}

function transposed(x: Values, rows: number, columns: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let r = 0; r < rows; ++r)
    for (let c = 0; c < columns; ++c) out[c * rows + r] = x[r * columns + c] as number;
  return out;
}
