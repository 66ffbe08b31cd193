import {defineKernel, type Specs, type Values} from "../kernel.ts";
import {webGpuBackend} from "../tfjs-webgpu.ts";
import {tileFor} from "./autotune.ts";
import {TILES} from "./matmul-tiles.ts";
import {matMulKernel, type Product} from "./matmul-wgsl.ts";

export interface GoodnessGradsAttrs {
  /** Rows that `offsets` are added to: so many, from the first. */
  positives: number;
  /** Where a unit is silent, `offsets` count all the same. */
  straightThrough: boolean;
}

const sizesOf = ({a, b}: Specs) => ({
  inner: a?.shape[0] ?? 0,
  rows: a?.shape[1] ?? 0,
  columns: b?.shape[1] ?? 0
});

/**
 * The gradients of a dense layer with relu, a^T e [in, units] and the sums of e over rows [units], from its inputs a [rows, in],
 * with the errors e [rows, units] made while they are read: e = factor of the row x b [rows, units], which are the layer's
 * outputs (however a row was scaled) or anything else that is zero where they are. `offsets` [units], if there are any, are added
 * to the errors of the first rows, where units are not silent. One dispatch on webgpu, which writes no errors to memory.
 */
export const goodnessGrads = defineKernel<GoodnessGradsAttrs>({
  name: "PetriGoodnessGrads",
  inputs: ["a", "b", "factors", "offsets"],
  outputs: (specs) => {
    const {rows, columns} = sizesOf(specs);
    return [
      {shape: [rows, columns], dtype: "float32"},
      {shape: [columns], dtype: "float32"}
    ];
  },
  twin({a, b, factors, offsets}, outputs, {positives, straightThrough}, specs) {
    const [x, y, scale] = [a, b, factors] as [Values, Values, Values];
    const {inner, rows, columns} = sizesOf(specs);
    const [kernel, bias] = [new Float64Array(rows * columns), new Float64Array(columns)];
    for (let k = 0; k < inner; ++k)
      for (let j = 0; j < columns; ++j) {
        const value = y[k * columns + j] as number;
        const counts = offsets && k < positives && (straightThrough || value > 0);
        const error = value * (scale[k] as number) + (counts ? (offsets[j] as number) : 0);
        bias[j] = (bias[j] as number) + error;
        for (let i = 0; i < rows; ++i) {
          const at = i * columns + j;
          kernel[at] = (kernel[at] as number) + (x[k * rows + i] as number) * error;
        }
      }
    outputs[0]?.set(kernel);
    outputs[1]?.set(bias);
  },
  gpu(specs, {positives, straightThrough}) {
    const product: Product = {
      ...sizesOf(specs),
      batch: 1,
      transposeA: true,
      transposeB: false,
      hasBias: false,
      activation: "linear",
      hasColumnSums: true,
      errors: {positives, offsets: specs.offsets && (straightThrough ? "all" : "awake")}
    };
    const device = webGpuBackend()?.device as GPUDevice;
    return matMulKernel(product, TILES[tileFor(device, product)]);
  }
});
