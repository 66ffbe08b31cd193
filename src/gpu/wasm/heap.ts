// The private members of tfjs's wasm backend (4.22) that we use, and nothing else of ours knows.
import type {HeapBackend} from "../kernel.ts";
import type * as tf from "../tfjs.ts";

/** tfjs's wasm backend: its memory is one for its own module and ours. */
export interface WasmBackend extends HeapBackend {
  wasm: {
    /** Shared memory, in the build with threads. */
    wasmMemory?: WebAssembly.Memory;
    /** What the other builds export. */
    asm: {memory?: WebAssembly.Memory};
    _malloc(bytes: number): number;
  };
  dataIdMap: {get(dataId: object): {memoryOffset: number}};
  incRef(dataId: object): void;
}

/** Where a tensor's numbers begin, in bytes. */
export const addressOf = ({dataIdMap}: WasmBackend, {dataId}: tf.TensorInfo): number =>
  dataIdMap.get(dataId).memoryOffset;
