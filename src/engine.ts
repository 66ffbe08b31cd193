import type {Engine, EngineStatus} from "./cells/app/services.ts";
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

/** Starts no worker: the first call of `train` does. `site` is the page's base address. */
export function trainingEngine({sink, site}: {sink: RunSink; site: string}): TrainingEngine {
  const trainer = new Trainer({
    // The worker's script lies elsewhere on the site; its name tells it where data files are.
    createWorker: () => new TrainingWorker({name: site}),
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
