// The training worker: the only place where the tensor library, the op packages and the run protocol meet.
import {memoryInfo, onDeviceLost, openBackend} from "./gpu/backend.ts";
import {drain} from "./gpu/drain.ts";
import {TensorLedger} from "./gpu/tensor-ledger.ts";
import {encodeMetrics} from "./tables/encode.ts";
import {serveTraining, type WorkerScope} from "./training/worker.ts";

const service = serveTraining({
  scope: globalThis as unknown as WorkerScope,
  encode: encodeMetrics,
  locks: navigator.locks,
  modules: {
    "petri/core": () => import("./ops/core/index.ts"),
    "petri/datasets": () => import("./ops/datasets/index.ts"),
    "petri/pruning": () => import("./ops/pruning/index.ts")
  },
  async loadEngine() {
    const [backend, {ops}] = await Promise.all([openBackend({}), import("./ops/index.ts")]);
    return {ops, backend, memory: memoryInfo, key: ops.key, ledger: new TensorLedger(), drain};
  }
});

onDeviceLost(service.lost);
