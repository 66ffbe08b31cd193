import type {HeapBackend, Values} from "../kernel.ts";
import * as tf from "../tfjs.ts";
import {addressOf} from "../wasm/heap.ts";
import {type NativeHeap, nativeHeap} from "../wasm/native.ts";
import type {FusedActivation} from "./activation-grad.ts";
import {matMulTwin} from "./matmul-twin.ts";
import type {MatMulLayout} from "./matmul-wgsl.ts";

/** Operands of a product, on wasm. */
export interface Operands {
  a: tf.TensorInfo;
  b: tf.TensorInfo;
  bias?: tf.TensorInfo;
}

/** How our WebAssembly numbers the activations that it has. */
const NATIVE: Partial<Record<FusedActivation, number>> = {linear: 0, relu: 1, tanh: 2, sigmoid: 3};

/**
 * activation(op(a) op(b) + bias) on wasm, for stacks of matrices; `shape` is the output's. Our own WebAssembly, because tfjs's is ten
 * times slower with transposes, and one for one multiplication of its stacks.
 */
export function matMulOnHeap(
  operands: Operands,
  layout: MatMulLayout,
  shape: number[],
  backend: HeapBackend
): tf.TensorInfo {
  const out = backend.makeOutput(shape, "float32");
  if (layout.batch * layout.rows * layout.columns === 0) return out;
  const heap = nativeHeap(backend);
  if (!heap || layout.inner === 0) return throughTwin(operands, layout, out, backend);
  const activation = NATIVE[layout.activation];
  multiply(heap, operands, layout, out, activation ?? 0);
  return activation === undefined ? activated(out, layout.activation, backend) : out;
}

function multiply(
  {native, backend, scratch}: NativeHeap,
  {a, b, bias}: Operands,
  {batch, rows, columns, inner, transposeA, transposeB}: MatMulLayout,
  out: tf.TensorInfo,
  activation: number
): void {
  native.matmul(
    addressOf(backend, a),
    addressOf(backend, b),
    bias ? addressOf(backend, bias) : 0,
    addressOf(backend, out),
    scratch,
    batch,
    rows,
    columns,
    inner,
    Number(transposeA),
    Number(transposeB),
    activation
  );
}

/** Where there is no SIMD, and for sums of nothing. */
function throughTwin(
  {a, b, bias}: Operands,
  layout: MatMulLayout,
  out: tf.TensorInfo,
  backend: HeapBackend
): tf.TensorInfo {
  const [left, right, offset] = [a, b, bias].map((info) => info && backend.typedArrayFromHeap(info));
  backend.typedArrayFromHeap(out).set(matMulTwin(left as Values, right as Values, offset, layout));
  return out;
}

/** The activation that our WebAssembly lacks, by tfjs's kernel. */
function activated(x: tf.TensorInfo, activation: FusedActivation, backend: HeapBackend): tf.TensorInfo {
  if (activation !== "elu") throw new Error(`There is no activation "${activation}" on wasm.`);
  const elu = tf.getKernel("Elu", "wasm") as tf.KernelConfig;
  const out = elu.kernelFunc({inputs: {x}, backend, attrs: {}} as never) as tf.TensorInfo;
  (backend as unknown as tf.KernelBackend).disposeData(x.dataId);
  return out;
}
