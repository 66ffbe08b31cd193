import type {Engine, EngineStatus} from "./cells/app/services.ts";
import type {BackendName} from "./gpu/types.ts";
import {moduleOf} from "./modules.ts";
import {placeOf, scopeOf} from "./runtime/capture.ts";
import TrainingWorker from "./train-worker.ts?worker";
import {Trainer} from "./training/client.ts";
import type {RunSink} from "./training/types.ts";
import {versions} from "./versions.ts";

/** The page's trainer, and what the footer says of it. */
export interface TrainingEngine extends Engine {
  readonly trainer: Trainer;
}

export interface EngineOptions {
  sink: RunSink;
  /** The page's base address. */
  site: string;
  /** The backend to try first; the best that works without it. */
  backend?: BackendName;
}

/** Starts no worker: the first call of `train` does. */
export function trainingEngine({sink, site, backend}: EngineOptions): TrainingEngine {
  const trainer = new Trainer({
    // The worker's script lies elsewhere on the site; its name tells it where data files are.
    createWorker: () => new TrainingWorker({name: backend ? `${site}#${backend}` : site}),
    sink,
    now: () => Date.now(),
    versions,
    locks: navigator.locks,
    scopeOf,
    originOf: placeOf,
    moduleOf
  });
  return {
    trainer,
    status(): EngineStatus {
      const {backend, memory} = trainer.status;
      const running = trainer.active
        .filter(({status}) => status === "running")
        .map(({runId, name, notebook}) => ({runId, name, notebook}));
      return {backend, memory: backend && memory, running};
    },
    subscribe: (listener) => trainer.subscribe(listener),
    stopAll: () => trainer.cancelAll()
  };
}
