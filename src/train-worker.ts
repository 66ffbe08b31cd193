// The training worker: the only place where the tensor library, the op packages and the run protocol meet.
// Its name is the page's base address, since data files lie beside the page, with the backend to prefer as the hash.
import {memoryInfo, openBackend} from "./gpu/backend.ts";
import {onDeviceLost, takeGpuError} from "./gpu/device-watch.ts";
import {drain} from "./gpu/drain.ts";
import {TensorLedger} from "./gpu/tensor-ledger.ts";
import type {BackendName} from "./gpu/types.ts";
import {configureDatasets} from "./ops/datasets/index.ts";
import {readNotebookFile} from "./read-notebook-file.ts";
import {tableReaders} from "./read-table.ts";
import {encodeMetrics} from "./tables/encode.ts";
import {serveTraining, type WorkerScope} from "./training/worker.ts";
import {wasmFiles} from "./wasm-files.ts";

const here = globalThis as unknown as WorkerScope & {name: string; location: {href: string}};

const page = new URL(here.name || here.location.href);
// An error deep in the tensor library must still show the cell's own line in its stack.
Error.stackTraceLimit = 100;

configureDatasets({fetchBytes: (path) => readNotebookFile(page, path), tables: tableReaders});

/** It watches the library, whatever the backend. */
const ledger = new TensorLedger();
const memory = () => ({...memoryInfo(), byOwner: ledger.memory()});
const takeFault = () => takeGpuError(memory);

const {lost} = serveTraining({
  scope: here,
  encode: encodeMetrics,
  locks: navigator.locks,
  modules: {
    "petri/core": () => import("./ops/core/index.ts"),
    "petri/datasets": () => import("./ops/datasets/index.ts"),
    "petri/forward-forward": () => import("./ops/forward-forward/index.ts"),
    "petri/kan": () => import("./ops/kan/index.ts"),
    "petri/metrics": () => import("./ops/metrics/index.ts"),
    "petri/moe": () => import("./ops/moe/index.ts"),
    "petri/pruning": () => import("./ops/pruning/index.ts"),
    "petri/zoo": () => import("./ops/zoo/index.ts")
  },
  async loadEngine(isBack) {
    const prefer = (page.hash.slice(1) || undefined) as BackendName | undefined;
    const wasmPaths = wasmFiles(here.location.href);
    const [backend, {ops}] = await Promise.all([
      openBackend({wasmPaths, prefer, isBack}),
      import("./ops/index.ts")
    ]);
    const canBeLost = backend.name === "webgpu";
    return {ops, backend, memory, key: ops.key, ledger, drain, takeFault, canBeLost};
  }
});

onDeviceLost(lost);
