import type {StepProfile} from "../gpu/types.ts";
import {abortError} from "./errors.ts";
import type {RowColumns} from "./row-store.ts";
import type {Checkpoint, LogLine, Row, RunProgress} from "./row-types.ts";
import type {RunCore} from "./run-core.ts";
import type {RunRecord} from "./types.ts";

/** What a Run asks of the trainer that made it. */
export interface RunControls {
  cancel(core: RunCore): void;
  recompute(run: Run): void;
  profile(core: RunCore): void;
  setLive(core: RunCore, values: Readonly<Record<string, unknown>>): void;
}

/**
 * A training run, as a cell holds it. It can be awaited (its last row), iterated (its rows) and watched. When the
 * cell that made it runs again, this Run is over for that cell whatever the run itself does.
 */
export class Run implements PromiseLike<Row | null>, AsyncIterable<Row> {
  #core: RunCore;
  readonly #controls: RunControls;
  readonly #listeners = new Set<() => void>();
  #unsubscribe: () => void;
  /** Why this Run is over for the cell that holds it. */
  #released: Error | null = null;

  constructor(core: RunCore, controls: RunControls, signal: AbortSignal | undefined) {
    this.#core = core;
    this.#controls = controls;
    this.#unsubscribe = core.subscribe(() => this.#changed());
    if (!signal) return;
    const release = () => {
      // As fetch does: whoever aborted recognises its own reason.
      const {reason} = signal;
      this.#released = reason instanceof Error ? reason : abortError("The cell of this run has run again.");
      this.#changed();
    };
    if (signal.aborted) release();
    else signal.addEventListener("abort", release, {once: true});
  }

  /** Everything known of the run; replaced at every change. */
  get record(): RunRecord {
    return this.#core.record;
  }

  /** The rows so far, in columns. */
  get rows(): RowColumns {
    return this.#core.rows;
  }

  /** The newest row, null before the first. Fields too large to keep for every row hold their newest value. */
  get last(): Row | null {
    return this.#core.last;
  }

  get progress(): RunProgress {
    return this.#core.progress;
  }

  /** The last thousand lines of `log(...)`. */
  get logs(): readonly LogLine[] {
    return this.#core.logs;
  }

  /** The newest checkpoint of every name. */
  get checkpoints(): ReadonlyMap<string, Checkpoint> {
    return this.#core.checkpoints;
  }

  /** True when the run was answered from the store: `record` says when it was computed, and on what. */
  get fromCache(): boolean {
    return this.#core.fromCache;
  }

  /** What its steps do on the GPU, after `requestProfile()`; "waiting" until that is known, null when nobody asked. */
  get profile(): StepProfile | "waiting" | null {
    return this.#core.profile;
  }

  get ended(): boolean {
    return this.#core.ended;
  }

  /** Whether it ended by no wish of anybody: failed, diverged or interrupted. */
  get failed(): boolean {
    return ["failed", "diverged", "interrupted"].includes(this.record.status);
  }

  /** False while its worker answers nothing, as in a loop without a yield; `progress.silentMs` says for how long. */
  get responding(): boolean {
    return this.progress.silentMs === undefined;
  }

  /** True from the request to cancel until the run has stopped. */
  get cancelling(): boolean {
    return this.#core.cancelRequested && !this.#core.ended;
  }

  /** What ended the run, when it did not complete: a RunError with line and cell, or an AbortError. */
  get error(): Error | null {
    return this.#core.error;
  }

  /** Ends the run at its next step boundary; what it yielded stays. */
  cancel(): void {
    this.#controls.cancel(this.#core);
  }

  /** Runs again whatever the store has. */
  recompute(): void {
    this.#controls.recompute(this);
  }

  /** Looks at the next steps of a run under way: `profile` says what their kernels take. */
  requestProfile(): void {
    this.#controls.profile(this.#core);
  }

  /** Sends live values to the running function. */
  setLive(values: Readonly<Record<string, unknown>>): void {
    this.#controls.setLive(this.#core, values);
  }

  /** Calls back after every change (at most 40 times a second while rows come). Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As a promise: the last row (null when there was none); rejects with a RunError, or an AbortError when cancelled. */
  // biome-ignore lint/suspicious/noThenProperty: `await run` is the way to wait for a run.
  then<A = Row | null, B = never>(
    onFulfilled?: ((row: Row | null) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null
  ): Promise<A | B> {
    const ended = new Promise<Row | null>((resolve, reject) => {
      const check = () => {
        const error = this.#outcome();
        if (error === undefined) return false;
        if (error) reject(error);
        else resolve(this.last);
        return true;
      };
      if (check()) return;
      const stop = this.subscribe(() => check() && stop());
    });
    return ended.then(onFulfilled, onRejected);
  }

  /** Every row, in order (beyond 262,144 rows: those that are kept). Throws what `await` would reject with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    let core = this.#core;
    let next = 0;
    for (;;) {
      // The run may have been taken over or made anew since the last row.
      if (core !== this.#core) [core, next] = [this.#core, 0];
      const index = core.seek(next);
      if ((core.ended || !this.#released) && index < core.rowCount) {
        next = index + 1;
        yield core.rowAt(index);
        continue;
      }
      const error = this.#outcome();
      if (error) throw error;
      if (error === null) return;
      await this.#change();
    }
  }

  /** The newest row, again and again: rows that come while the reader is busy are skipped. Ends when the run is cancelled. */
  async *latest(): AsyncGenerator<Row, void, undefined> {
    let shown: Row | null = null;
    for (;;) {
      const error = this.#outcome();
      if (error && (error === this.#released || error.name === "AbortError")) return;
      if (this.last !== shown && this.last) {
        shown = this.last;
        yield shown;
        continue;
      }
      if (error) throw error;
      if (error === null) return;
      await this.#change();
    }
  }

  /** For the trainer: shows another run from now on. */
  attach(core: RunCore): void {
    this.#unsubscribe();
    this.#core = core;
    this.#unsubscribe = core.subscribe(() => this.#changed());
    this.#changed();
  }

  /** undefined: not yet; null: well. */
  #outcome(): Error | null | undefined {
    if (this.#core.ended) return this.#core.error;
    return this.#released ?? undefined;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.subscribe(() => {
        stop();
        resolve();
      });
    });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
