import type {HeapBackend} from "./kernel.ts";
import * as tf from "./tfjs.ts";
import type {BackendName} from "./types.ts";

type Attrs = {axis?: number | number[]; keepDims?: boolean; perm?: number[]};

/** What comes out of the kernels with which tfjs (4.22.0) reads past the end of nothing, divides by its size, or throws. */
const SHAPES: Record<string, (x: tf.TensorInfo, attrs: Attrs) => number[]> = {
  Sum: reducedShape,
  Mean: reducedShape,
  Max: reducedShape,
  Softmax: ({shape}) => shape,
  Transpose: ({shape}, {perm = []}) => perm.map((axis) => shape[axis] as number)
};

const taught = new Set<BackendName>();

/** Sums, means and the like of tensors without elements are zeros on wasm and webgpu too, as on the cpu. */
export function teachEmptyTensors(backendName: "wasm" | "webgpu"): void {
  if (taught.has(backendName)) return;
  taught.add(backendName);
  for (const [name, shapeOf] of Object.entries(SHAPES)) {
    const config = tf.getKernel(name, backendName);
    if (!config) throw new Error(`tfjs's ${backendName} backend has no kernel ${name}.`);
    tf.unregisterKernel(name, backendName);
    tf.registerKernel({
      ...config,
      kernelFunc(args) {
        const {x = args.inputs.logits} = args.inputs as Record<string, tf.TensorInfo>;
        if (!x || tf.util.sizeFromShape(x.shape) > 0) return config.kernelFunc(args);
        const shape = shapeOf(x, args.attrs as Attrs);
        return backendName === "wasm"
          ? heapZeros(args.backend, shape, x.dtype)
          : gpuZeros(args.backend, shape, x.dtype);
      }
    });
  }
}

function heapZeros(backend: object, shape: number[], dtype: tf.DataType): tf.TensorInfo {
  const heap = backend as HeapBackend;
  const out = heap.makeOutput(shape, dtype);
  heap.typedArrayFromHeap(out).fill(0);
  return out;
}

interface GpuBackend {
  makeTensorInfo(shape: number[], dtype: string, values: ArrayLike<number>): tf.TensorInfo;
}

/** Zeros in memory, which tfjs uploads where they are used. */
export function gpuZeros(backend: object, shape: readonly number[], dtype: string): tf.TensorInfo {
  const values = tf.util.makeZerosTypedArray(tf.util.sizeFromShape([...shape]), dtype as "float32");
  return (backend as GpuBackend).makeTensorInfo([...shape], dtype, values);
}

function reducedShape({shape}: tf.TensorInfo, {axis, keepDims}: Attrs): number[] {
  const axes = tf.util.parseAxisParam(axis as number, shape);
  const dims = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  return keepDims ? dims : dims.filter((_, i) => !axes.includes(i));
}
