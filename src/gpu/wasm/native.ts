import type {HeapBackend} from "../kernel.ts";
import type * as tf from "../tfjs.ts";
import {BINARY} from "./binary.ts";
import type {WasmBackend} from "./heap.ts";
import {shareCopies} from "./share-copies.ts";

/** Our own WebAssembly: functions of addresses, sizes and flags; assembly/ says what each computes. */
export interface Native {
  matmul(
    ...args: [
      ...addresses: [a: number, b: number, bias: number, c: number, scratch: number],
      ...sizes: [stacks: number, rows: number, columns: number, inner: number],
      ...flags: [transposeA: number, transposeB: number, activation: number]
    ]
  ): void;
  scratchBytes(): number;
  activationGrad(...args: number[]): void;
  adam(...args: number[]): void;
  /** Layers of which some weights are kept answer 0 where not even a few rows of the batch fit into the scratch memory. */
  bitsProduct(...args: number[]): number;
  bitsInputGrad(...args: number[]): number;
  bitsWeightGrad(...args: number[]): number;
  blockProduct(...args: number[]): number;
  blockWeightGrad(...args: number[]): number;
  crossEntropy(...args: number[]): void;
  foldPatches(...args: number[]): void;
  geluTanh(x: number, y: number, size: number): void;
  geluTanhGrad(dy: number, x: number, dx: number, size: number): void;
  goodnessGrads(...args: number[]): void;
  goodnessRows(...args: number[]): void;
  groupedProduct(...args: number[]): void;
  groupedKernelGrads(...args: number[]): void;
  maxPool(...args: number[]): void;
  maxUnpool(...args: number[]): void;
  nmProduct(...args: number[]): number;
  nmInputGrad(...args: number[]): number;
  nmWeightGrad(...args: number[]): number;
  norm(...args: number[]): void;
  normInputGrad(...args: number[]): void;
  normParamsGrad(...args: number[]): void;
  patches(...args: number[]): void;
  sparseProduct(...args: number[]): number;
  sparseSlopes(...args: number[]): number;
  /** These answer 0 where a grid does not fit into the scratch memory. */
  splineForward(...args: number[]): number;
  splineInputGrad(...args: number[]): number;
  splineWeightGrads(...args: number[]): number;
}

/** The module on a backend's memory, with memory that lasts from call to call. */
export interface NativeHeap {
  native: Native;
  backend: WasmBackend;
  /** `scratchBytes` of memory. */
  scratch: number;
}

const heaps = new WeakMap<object, NativeHeap | "none">();

/** Our module on the memory of tfjs's backend; undefined where the browser has no SIMD, or forbids it. */
export function nativeHeap(backend: HeapBackend | tf.KernelBackend): NativeHeap | undefined {
  let heap = heaps.get(backend);
  if (!heap) {
    heap = open(backend as unknown as WasmBackend) ?? "none";
    heaps.set(backend, heap);
  }
  return heap === "none" ? undefined : heap;
}

function open(backend: WasmBackend): NativeHeap | undefined {
  const {wasmMemory, asm} = backend.wasm;
  const memory = wasmMemory ?? asm.memory;
  if (!memory) return undefined;
  try {
    const {exports} = new WebAssembly.Instance(new WebAssembly.Module(bytesFor(memory)), {
      env: {memory, log: Math.log}
    });
    const native = exports as unknown as Native;
    shareCopies();
    return {native, backend, scratch: backend.wasm._malloc(native.scratchBytes())};
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) return undefined;
    throw error;
  }
}

/** An import's limits: a byte that says whether there is a maximum (1), and whether the memory is shared (3). */
const IMPORT_OF_MEMORY = [..."memory"].map((letter) => letter.charCodeAt(0)).concat(2);

function bytesFor(memory: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(BINARY), (letter) => letter.charCodeAt(0));
  if (memory.buffer instanceof ArrayBuffer) return bytes;
  const at = bytes.findIndex((_, i) => IMPORT_OF_MEMORY.every((byte, j) => bytes[i + j] === byte));
  bytes[at + IMPORT_OF_MEMORY.length] = 3;
  return bytes;
}
