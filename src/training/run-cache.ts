import {type Extras, RunCore} from "./run-core.ts";
import {sizeOf} from "./size.ts";
import type {RunSink, RunStatus} from "./types.ts";

const maxBytes = 64 * 2 ** 20;

/**
 * Answers finished runs. The store has their numbers; what else their rows had, and their checkpoints, are kept here
 * within a limit (the run not asked for longest goes first). A run whose extras are gone is not answered at all.
 */
export class RunCache {
  readonly #sink: RunSink;
  readonly #extras = new Map<string, {extras: Extras; sizeBytes: number}>();
  #sizeBytes = 0;

  constructor(sink: RunSink) {
    this.#sink = sink;
  }

  /** The completed run with this fingerprint. */
  find(fingerprint: string): RunCore | null {
    const entry = this.#extras.get(fingerprint);
    if (entry) {
      this.#extras.delete(fingerprint);
      this.#extras.set(fingerprint, entry);
    }
    const found = this.#sink.find(entry ? `${fingerprint}+fields` : fingerprint);
    return found && new RunCore(found.run, null, {batches: found.batches, extras: entry?.extras});
  }

  /** Keeps what the store does not, and says under which fingerprint the run is to be recorded. */
  keep(fingerprint: string, core: RunCore, status: RunStatus, liveChanged: boolean): string {
    // Started with other live values than it ended with: nobody can ask for that again.
    if (liveChanged) return `${fingerprint}+live`;
    if (!core.hasExtras) return fingerprint;
    if (status === "completed") this.#set(fingerprint, core.extras);
    return `${fingerprint}+fields`;
  }

  #set(fingerprint: string, extras: Extras): void {
    this.#drop(fingerprint);
    const sizeBytes = sizeOf([extras.last, extras.large, ...extras.checkpoints.values()]);
    this.#extras.set(fingerprint, {extras, sizeBytes});
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#extras.keys()) {
      if (this.#sizeBytes <= maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(fingerprint: string): void {
    this.#sizeBytes -= this.#extras.get(fingerprint)?.sizeBytes ?? 0;
    this.#extras.delete(fingerprint);
  }
}
