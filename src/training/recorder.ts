import type {Job} from "./job.ts";
import type {RowsMessage} from "./protocol.ts";
import type {RunCache} from "./run-cache.ts";
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

  /** A run that is about to reach the worker. */
  begin({core, request}: Job): void {
    const {metrics} = request.options;
    this.record(core);
    if (metrics) guard(() => this.#sink.defineMetrics(core.record.experiment, metrics));
  }

  record(core: RunCore): void {
    guard(() => this.#sink.record(core.record));
  }

  /** A run that has ended, and what of it the tables do not have. */
  end({core, fingerprint}: Job, cache: RunCache): void {
    const kept = cache.keep(fingerprint, core);
    // Nobody is to be answered with it before all of it is there: the page may be gone by then.
    if (core.hasFields) guard(() => this.#sink.record({...core.record, fingerprint: ""}));
    else this.record(core);
    kept
      .then(
        (notes) => {
          for (const note of notes) core.note(core.record.endedAt ?? 0, note);
        },
        (error: unknown) => complain(error)
      )
      .finally(() => core.hasFields && this.record(core));
  }

  /** Rows of a run; what its record says of them follows soon. */
  rows(core: RunCore, {batch, ipc}: RowsMessage): void {
    if (batch.step.length === 0) return;
    guard(() => this.#sink.keep(batch));
    const {runId, seq} = batch;
    if (ipc) guard(() => this.#sink.append(runId, ipc, [seq, seq + batch.step.length - 1]));
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
    complain(error);
  }
}

function complain(error: unknown): void {
  console.error("Petri could not store what a run yielded.", error);
}
