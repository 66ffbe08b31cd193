// The training worker: the only place where the tensor library, the op packages and the run protocol meet.
// The page starts it with its own base address as the worker's name: data files lie beside the page, not beside this script.
import wasmAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedAddress from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {memoryInfo, onDeviceLost, openBackend} from "./gpu/backend.ts";
import {drain} from "./gpu/drain.ts";
import {TensorLedger} from "./gpu/tensor-ledger.ts";
import {configureDatasets} from "./ops/datasets/index.ts";
import {encodeMetrics} from "./tables/encode.ts";
import {serveTraining, type WorkerScope} from "./training/worker.ts";

const here = globalThis as unknown as WorkerScope & {name: string; location: {href: string}};
const absolute = (address: string) => new URL(address, here.location.href).href;

configureDatasets({
  async fetchBytes(path) {
    const address = new URL(`notebooks/${path}`, here.name || here.location.href);
    const response = await fetch(address);
    if (!response.ok)
      throw new Error(`Could not load ${address.href}: the server answered ${response.status}.`);
    return new Uint8Array(await response.arrayBuffer());
  }
});

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
    const wasmPaths = {
      "tfjs-backend-wasm.wasm": absolute(wasmAddress),
      "tfjs-backend-wasm-simd.wasm": absolute(simdAddress),
      "tfjs-backend-wasm-threaded-simd.wasm": absolute(threadedAddress)
    };
    const [backend, {ops}] = await Promise.all([openBackend({wasmPaths}), import("./ops/index.ts")]);
    return {ops, backend, memory: memoryInfo, key: ops.key, ledger: new TensorLedger(), drain};
  }
});

onDeviceLost(lost);
