import type {BackendName} from "../../../src/gpu/types.ts";
import {Trainer} from "../../../src/training/client.ts";
import type {TrainerOptions} from "../../../src/training/trainer-options.ts";
import {MemorySink} from "../../training/support/memory-sink.ts";

export {fn, rejection, when} from "../../training/support/runs.ts";

const open: Trainer[] = [];

/** A trainer over real workers; `elapse` lets the time of all delayed callbacks come. */
export function openPage(options: Partial<TrainerOptions> & {address?: string; backend?: BackendName} = {}) {
  const {address, backend, ...rest} = options;
  const sink = new MemorySink();
  const workers: Worker[] = [];
  const delayed: (() => void)[] = [];
  const trainer = new Trainer({
    createWorker: () => {
      const url = address ?? new URL("./train-worker.ts", import.meta.url);
      const worker = new Worker(url, {
        type: "module",
        name: backend ? `${document.baseURI}#${backend}` : document.baseURI
      });
      workers.push(worker);
      return worker;
    },
    sink,
    now: Date.now,
    versions: {petri: "test"},
    locks: navigator.locks,
    delay: (callback) => {
      delayed.push(callback);
      return () => undefined;
    },
    ...rest
  });
  open.push(trainer);
  const elapse = () => {
    for (const callback of delayed.splice(0)) callback();
  };
  return {trainer, sink, workers, elapse};
}

export function closePages(): void {
  for (const trainer of open.splice(0)) trainer.dispose();
}
