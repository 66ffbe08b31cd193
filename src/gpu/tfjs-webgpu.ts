// The private members of tfjs's WebGPU backend (4.22) that we use, and nothing else of ours knows.
import * as tf from "./tfjs.ts";

/** How tfjs keeps a tensor. */
interface TensorData {
  /** On the CPU, as long as it was not uploaded, and again once it was read. */
  values?: ArrayLike<number> | null;
  resource?: GPUBuffer | null;
  dtype: string;
  shape: number[];
}

/** tfjs's WebGPU backend. */
export interface WebGpuBackend {
  device: GPUDevice;
  queue: GPUQueue;
  bufferManager: {
    acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  };
  tensorMap: {get(dataId: object): TensorData};
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  uniformPendingDisposal: GPUBuffer[];
  dispatchCountInPass: number;
  makeTensorInfo(shape: number[], dtype: string): tf.TensorInfo;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  readSync(dataId: object): unknown;
  read(dataId: object): Promise<unknown>;
}

/** tfjs's backend, where it is the one on WebGPU. */
export function webGpuBackend(): WebGpuBackend | undefined {
  return tf.getBackend() === "webgpu" ? (tf.backend() as unknown as WebGpuBackend) : undefined;
}

/** Hands the GPU what tfjs has collected so far. */
export function flush(backend: WebGpuBackend): void {
  if (!backend.commandEncoder) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

const lives = new WeakMap<GPUBuffer, object>();
const counted = new WeakSet<object>();

/** From now on every buffer begins another life when it is given to a tensor: see `lifeOf`. */
export function countLives({bufferManager}: WebGpuBackend): void {
  if (counted.has(bufferManager)) return;
  counted.add(bufferManager);
  const acquire = bufferManager.acquireBuffer.bind(bufferManager);
  bufferManager.acquireBuffer = (...args) => {
    const buffer = acquire(...args);
    lives.set(buffer, {});
    return buffer;
  };
}

/** The same for as long as a buffer belongs to one tensor: another tensor later may get the same buffer. */
export function lifeOf(buffer: GPUBuffer): object {
  const life = lives.get(buffer) ?? {};
  lives.set(buffer, life);
  return life;
}

/** A tensor's memory on the GPU; nothing for an empty one. */
export function bufferOf(backend: WebGpuBackend, {dataId, size}: tf.Tensor): GPUBuffer | undefined {
  if (size === 0) return undefined;
  backend.uploadToGPU(dataId);
  return backend.tensorMap.get(dataId).resource as GPUBuffer;
}

/** What tfjs gives tensors. */
export const TENSOR_USAGE = 0x80 | 0x04 | 0x08;

/**
 * Memory that is known to tfjs as a tensor, so that it counts, belongs to whoever is at work, and is freed with all
 * that is his. No tidy frees it.
 */
export function keptBuffer(backend: WebGpuBackend, bytes: number, usage: number): [GPUBuffer, tf.Tensor] {
  const info = backend.makeTensorInfo([Math.ceil(bytes / 4)], "int32");
  const buffer = backend.bufferManager.acquireBuffer(Math.ceil(bytes / 4) * 4, usage);
  backend.tensorMap.get(info.dataId).resource = buffer;
  return [buffer, tf.keep(tf.engine().makeTensorFromTensorInfo(info))];
}

/** A new tensor with the contents of a piece of memory, where it is not empty. */
export function copiedTensor(
  backend: WebGpuBackend,
  from: {buffer: GPUBuffer; offset: number} | undefined,
  {shape, dtype}: {shape: readonly number[]; dtype: string}
): tf.Tensor {
  const info = backend.makeTensorInfo([...shape], dtype);
  const tensor = tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor;
  const to = bufferOf(backend, tensor);
  if (to && from) copyNow(backend, from, {buffer: to, offset: 0}, to.size);
  backend.commandQueueOwnedIds.add(info.dataId);
  return tensor;
}

/** Copies in tfjs's own order of things. */
export function copyNow(
  backend: WebGpuBackend,
  from: {buffer: GPUBuffer; offset: number},
  to: {buffer: GPUBuffer; offset: number},
  bytes: number
): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  const encoder = backend.commandEncoder as GPUCommandEncoder;
  encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes);
}
