import {dismissDevice, takeGpuError, watchDevice} from "./device-watch.ts";
import {teachEmptyTensors} from "./empty-tensors.ts";
import {teachLongSums} from "./long-sums.ts";
import {teachRealCasts} from "./real-casts.ts";
import * as tf from "./tfjs.ts";
import type {BackendInfo, BackendName, MemoryInfo} from "./types.ts";
import {openDevice} from "./webgpu-device.ts";

export interface BackendOptions {
  /** Tried first and alone before the others; best first without it. */
  prefer?: BackendName;
  /** Where tfjs's three wasm binaries are: a folder (ending in /), or file name -> address. Node finds its own. */
  wasmPaths?: string | Record<string, string>;
  /** Threads of wasm, where the page is isolated and the browser has them; true by default. */
  threads?: boolean;
  /** A device was lost a moment ago: its driver is given some seconds to come back. */
  isBack?: boolean;
}

const BEST_FIRST: readonly BackendName[] = ["webgpu", "wasm", "cpu"];

/** A backend that has not proved itself by then is passed over; threads that have not started are given up. */
const OPEN_MS = 40_000;
const THREADS_MS = 15_000;

/**
 * Makes the best backend that works the current one: webgpu, then wasm, then cpu. Each has to compute something right
 * before it is accepted. Throws an error that gives every reason when none does.
 */
export async function openBackend(options: BackendOptions = {}): Promise<BackendInfo> {
  const {prefer} = options;
  const order = prefer ? [prefer, ...BEST_FIRST.filter((name) => name !== prefer)] : BEST_FIRST;
  const refused: BackendInfo["refused"] = [];
  for (const name of order) {
    try {
      const adapter = await within(OPEN_MS, openAndProve(name, options), "it did not answer in time");
      return {name, adapter, refused};
    } catch (error) {
      // One that failed before it was registered is not there to be removed.
      if (tf.findBackendFactory(name)) tf.removeBackend(name);
      if (name === "webgpu") dismissDevice();
      refused.push({name, reason: error instanceof Error ? error.message : String(error)});
    }
  }
  const reasons = refused.map(({name, reason}) => `${name}: ${reason}`).join("; ");
  throw new BackendError(`No backend can compute here. ${reasons}.`);
}

/** No backend works on this machine. */
export class BackendError extends Error {
  override name = "BackendError";
}

/** Live tensors and their bytes on the current backend. */
export function memoryInfo(): MemoryInfo {
  if (!tf.getBackend()) return {tensors: 0, sizeBytes: 0};
  const {numTensors, numBytes, ...more} = tf.memory() as tf.MemoryInfo & Partial<WebGpuMemory>;
  const {numBytesAllocatedInGPU: held, numBytesInGPU: used = 0} = more;
  return {
    tensors: numTensors,
    sizeBytes: numBytes,
    ...(held !== undefined && {cacheBytes: Math.max(0, held - used)})
  };
}

/** What tfjs's WebGPU backend adds to `tf.memory()`. */
interface WebGpuMemory {
  /** Of tensors and of what is on its way. */
  numBytesInGPU: number;
  /** With what is held to be used again. */
  numBytesAllocatedInGPU: number;
}

async function openAndProve(name: BackendName, options: BackendOptions): Promise<string> {
  const adapter = await open(name, options);
  await prove(name);
  return adapter;
}

async function open(name: BackendName, options: BackendOptions): Promise<string> {
  if (name === "webgpu") return openWebGPU(options);
  if (name === "wasm") return openWasm(options);
  await import("@tensorflow/tfjs-backend-cpu");
  return "JavaScript";
}

async function openWebGPU({isBack}: BackendOptions): Promise<string> {
  const {device, info, name} = await openDevice(globalThis.navigator?.gpu, isBack);
  const {WebGPUBackend} = await import("@tensorflow/tfjs-backend-webgpu");
  // tfjs's own factory asks for neither the features nor the limits that the adapter has.
  tf.removeBackend("webgpu");
  const backend = new WebGPUBackend(device, info);
  watchDevice(device, backend);
  tf.registerBackend("webgpu", () => backend, 3);
  // Small CPU tensors would be computed on the CPU backend, which need not be loaded, and break recorded steps.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  teachEmptyTensors("webgpu");
  teachLongSums();
  teachRealCasts();
  return name;
}

async function openWasm({wasmPaths, threads: wanted = true}: BackendOptions): Promise<string> {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  if (wasmPaths) wasm.setWasmPaths(wasmPaths);
  if (!wanted) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  try {
    await within(THREADS_MS, tf.setBackend("wasm"), "its threads did not start");
  } catch {
    // Workers may be forbidden, or die while they start, which tfjs does not notice: one thread is enough.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await tf.setBackend("wasm");
  }
  teachEmptyTensors("wasm");
  const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "SIMD" : "no SIMD";
  const threads = (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) ? wasm.getThreadsCount() : 1;
  return `WebAssembly, ${simd}, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
}

/** The promise, or an error when it takes longer than `limitMs`. */
async function within<T>(limitMs: number, promise: Promise<T>, reason: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${reason} (${limitMs / 1000} s)`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the backend the current one and multiplies two matrices. */
async function prove(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error("tfjs could not start it");
  const product = tf.tidy(() =>
    tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]))
  );
  const values = Array.from(await product.data());
  product.dispose();
  const refused = takeGpuError(memoryInfo);
  if (refused) throw refused;
  if (values.join() !== "19,22,43,50")
    throw new Error(`it multiplied two matrices wrongly (${values.join(", ")})`);
}
