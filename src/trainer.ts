import type {BackendName} from "./gpu/types.ts";
import {moduleOf} from "./modules.ts";
import {placeOf, scopeOf} from "./runtime/capture.ts";
import TrainingWorker from "./train-worker.ts?worker";
import {Trainer} from "./training/client.ts";
import {storedBackend} from "./training/expected-backend.ts";
import type {RunSink} from "./training/types.ts";
import {versions} from "./versions.ts";

export interface PageTrainerOptions {
  sink: RunSink;
  /** The page's base address. */
  site: string;
  /** The backend to try first; the best that works without it. */
  backend?: BackendName;
  /** Names this browser tab on its runs. */
  tab: string;
}

/** The trainer of a page. */
export function pageTrainer({sink, site, backend, tab}: PageTrainerOptions): Trainer {
  return new Trainer({
    // The worker's script lies elsewhere on the site; its name tells it where data files are.
    createWorker: () => new TrainingWorker({name: backend ? `${site}#${backend}` : site}),
    sink,
    tab,
    now: () => Date.now(),
    backendMemory: storedBackend(() => localStorage, backend),
    versions,
    locks: navigator.locks,
    scopeOf,
    originOf: placeOf,
    moduleOf
  });
}
