import type * as tf from "../tfjs.ts";
import type {WebGpuBackend} from "../tfjs-webgpu.ts";
import {dispatch} from "../webgpu-dispatch.ts";
import {tileFor} from "./autotune.ts";
import {TILES} from "./matmul-tiles.ts";
import {matMulKernel, type Product} from "./matmul-wgsl.ts";

/** A product on webgpu, with the tile that is chosen for it; operands that are absent are not bound. */
export function runProduct(
  backend: object,
  name: string,
  operands: Readonly<Record<string, tf.TensorInfo | undefined>>,
  product: Product,
  shapes: readonly number[][]
): tf.TensorInfo[] {
  const inputs = Object.entries(operands).flatMap(([operand, info]) => (info ? [{name: operand, info}] : []));
  const outputs = shapes.map((shape) => ({shape, dtype: "float32"}) as const);
  const tile = TILES[tileFor((backend as WebGpuBackend).device, product)];
  return dispatch(backend, name, inputs, outputs, matMulKernel(product, tile));
}
