import * as tf from "./tfjs.ts";
import type {TensorSpec} from "./types.ts";
import {runNative} from "./wasm/kernels.ts";
import {dispatch, type GpuKernel} from "./webgpu-dispatch.ts";

export type Values = Float32Array | Int32Array;

/** Specs by input name; an input that was not passed is absent. */
export type Specs = Readonly<Record<string, TensorSpec | undefined>>;

/**
 * An operation of our own with several outputs, the same on every backend: WGSL for webgpu, and a twin in JavaScript that
 * is the oracle, the cpu kernel, and, on views of the heap, the wasm kernel.
 */
export interface Kernel<A extends object> {
  readonly name: string;
  /** Input names in binding order. */
  readonly inputs: readonly string[];
  outputs(inputs: Specs, attrs: A): TensorSpec[];
  /** Fills `outputs`; recycled memory is not zeroed. */
  twin(inputs: Readonly<Record<string, Values>>, outputs: Values[], attrs: A, specs: Specs): void;
  gpu(inputs: Specs, attrs: A): GpuKernel;
}

/** Under this an operation is told its attributes of later steps, for plans; nothing else sees it. */
const LATER = Symbol("later");

/** Registers a kernel with tfjs for all three backends and returns it as a function of tensors. Where attributes
 * change from step to step, `later` gives those of the step that is so many ahead of this one: a plan asks it at every replay.
 */
export function defineKernel<A extends object>(
  kernel: Kernel<A>
): (inputs: Record<string, tf.Tensor>, attrs: A, later?: (ahead: number) => A) => tf.Tensor[] {
  for (const backendName of ["cpu", "wasm", "webgpu"]) {
    tf.registerKernel({
      kernelName: kernel.name,
      backendName,
      kernelFunc: ({inputs, backend, attrs}) => {
        const infos = inputs as Record<string, tf.TensorInfo>;
        const run = backendName === "webgpu" ? runOnGpu : backendName === "wasm" ? runOnHeap : runOnArrays;
        return run(kernel, infos, backend as object, attrs as unknown as A);
      }
    });
  }
  return (inputs, attrs, later) => runKernel(kernel.name, inputs, later ? {...attrs, [LATER]: later} : attrs);
}

/** Runs a registered kernel; always as a list of outputs. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor[] {
  const out = tf
    .engine()
    .runKernel<tf.Tensor | tf.Tensor[]>(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
  return Array.isArray(out) ? out : [out];
}

function runOnGpu<A extends object>(
  kernel: Kernel<A>,
  infos: Record<string, tf.TensorInfo>,
  backend: object,
  attrs: A
): tf.TensorInfo[] {
  const specs = infos as unknown as Specs;
  const present = kernel.inputs.filter((name) => infos[name]);
  const inputs = present.map((name) => ({name, info: infos[name] as tf.TensorInfo}));
  const later = (attrs as {[LATER]?: (ahead: number) => A})[LATER];
  const uniformsLater = later && ((ahead: number) => kernel.gpu(specs, later(ahead)).uniforms);
  const outputs = kernel.outputs(specs, attrs);
  return dispatch(backend, kernel.name, inputs, outputs, kernel.gpu(specs, attrs), uniformsLater);
}

/** What our kernels use of tfjs's wasm backend. */
export interface HeapBackend {
  makeOutput(shape: number[], dtype: string): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Values;
}

function runOnHeap<A extends object>(
  kernel: Kernel<A>,
  infos: Record<string, tf.TensorInfo>,
  backend: object,
  attrs: A
): tf.TensorInfo[] {
  const heap = backend as HeapBackend;
  const specs = infos as unknown as Specs;
  const outputs = kernel.outputs(specs, attrs).map(({shape, dtype}) => heap.makeOutput([...shape], dtype));
  if (runNative(kernel.name, heap, infos, outputs, attrs)) return outputs;
  // Views come last: allocating may have moved the heap.
  const views = mapValues(infos, (info) => heap.typedArrayFromHeap(info));
  kernel.twin(
    views,
    outputs.map((info) => heap.typedArrayFromHeap(info)),
    attrs,
    specs
  );
  return outputs;
}

/** What our kernels use of tfjs's cpu backend. */
export interface ArrayBackend {
  makeTensorInfo(shape: number[], dtype: string, values: Values): tf.TensorInfo;
  data: {get(dataId: object): {values: Values}};
}

/** A tensor's values on the cpu backend, which holds some that are empty as ordinary arrays. */
export function arrayValues({data}: ArrayBackend, {dataId, dtype}: tf.TensorInfo): Values {
  const {values} = data.get(dataId);
  if (ArrayBuffer.isView(values)) return values;
  return dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
}

function runOnArrays<A extends object>(
  kernel: Kernel<A>,
  infos: Record<string, tf.TensorInfo>,
  backend: object,
  attrs: A
): tf.TensorInfo[] {
  const arrays = backend as ArrayBackend;
  const specs = infos as unknown as Specs;
  const inputs = mapValues(infos, (info) => arrayValues(arrays, info));
  const specsOut = kernel.outputs(specs, attrs);
  const values = specsOut.map(({shape, dtype}) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
  });
  kernel.twin(inputs, values, attrs, specs);
  return specsOut.map(({shape, dtype}, i) => arrays.makeTensorInfo([...shape], dtype, values[i] as Values));
}

function mapValues<T, U>(record: Record<string, T>, f: (value: T) => U): Record<string, U> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, f(value)])
  );
}
