import type {RowsMessage} from "./protocol.ts";
import type {RunCore} from "./run-core.ts";
import type {RunSink} from "./types.ts";

/** While rows come, the run's record follows them at most this often. */
const recordMs = 250;

/** Writes runs and rows into the store. The store's troubles are not the run's. */
export class Recorder {
  readonly #sink: RunSink;
  readonly #delay: (callback: () => void, ms: number) => void;
  /** Runs whose record is about to be written. */
  readonly #due = new Set<RunCore>();

  constructor(sink: RunSink, delay: (callback: () => void, ms: number) => void) {
    this.#sink = sink;
    this.#delay = delay;
  }

  record(core: RunCore): void {
    guard(() => this.#sink.record(core.record));
  }

  /** Rows of a run; what its record says of them follows soon. */
  rows(core: RunCore, {batch, ipc}: RowsMessage): void {
    if (batch.step.length === 0) return;
    guard(() => this.#sink.keep(batch));
    if (ipc) guard(() => this.#sink.append(batch.runId, ipc));
    if (this.#due.has(core)) return;
    this.#due.add(core);
    this.#delay(() => {
      this.#due.delete(core);
      if (!core.ended) this.record(core);
    }, recordMs);
  }
}

function guard(write: () => void): void {
  try {
    write();
  } catch (error) {
    console.error("Petri could not store what a run yielded.", error);
  }
}
