// The training worker: the only place where the tensor library, the op packages and the run protocol meet.
// Its name is the page's base address, since data files lie beside the page, with the backend to prefer as the hash.
import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {memoryInfo, onDeviceLost, openBackend} from "./gpu/backend.ts";
import {drain} from "./gpu/drain.ts";
import {TensorLedger} from "./gpu/tensor-ledger.ts";
import type {BackendName} from "./gpu/types.ts";
import {configureDatasets} from "./ops/datasets/index.ts";
import {readNotebookFile} from "./read-notebook-file.ts";
import {encodeMetrics} from "./tables/encode.ts";
import {serveTraining, type WorkerScope} from "./training/worker.ts";

const here = globalThis as unknown as WorkerScope & {name: string; location: {href: string}};
const absolute = (address: string) => new URL(address, here.location.href).href;

const page = new URL(here.name || here.location.href);
// An error deep in the tensor library must still show the cell's own line in its stack.
Error.stackTraceLimit = 100;

configureDatasets({fetchBytes: (path) => readNotebookFile(page, path)});

const {lost} = serveTraining({
  scope: here,
  encode: encodeMetrics,
  locks: navigator.locks,
  modules: {
    "petri/core": () => import("./ops/core/index.ts"),
    "petri/datasets": () => import("./ops/datasets/index.ts"),
    "petri/pruning": () => import("./ops/pruning/index.ts")
  },
  async loadEngine() {
    const prefer = (page.hash.slice(1) || undefined) as BackendName | undefined;
    const wasmPaths = {
      "tfjs-backend-wasm.wasm": absolute(wasmAddress),
      "tfjs-backend-wasm-simd.wasm": absolute(simdAddress),
      "tfjs-backend-wasm-threaded-simd.wasm": absolute(threadedAddress)
    };
    const [backend, {ops}] = await Promise.all([openBackend({wasmPaths, prefer}), import("./ops/index.ts")]);
    return {ops, backend, memory: memoryInfo, key: ops.key, ledger: new TensorLedger(), drain};
  }
});

onDeviceLost(lost);
