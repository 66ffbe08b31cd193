import type {BackendInfo, MemoryInfo} from "../gpu/types.ts";
import type {CaptureSources} from "./capture/capture.ts";
import {abortError, RunError} from "./errors.ts";
import {fingerprintOf, hashData, structureHash} from "./fingerprint.ts";
import {
  type CellContext,
  type Job,
  type JobHooks,
  makeJob,
  type Request,
  supersedes,
  watchJob
} from "./job.ts";
import {checkOptions, type TrainOptions} from "./options.ts";
import type {EndedMessage, FromWorker} from "./protocol.ts";
import type {RunProgress} from "./row-types.ts";
import {Run} from "./run.ts";
import {RunCache} from "./run-cache.ts";
import type {RunCore} from "./run-core.ts";
import {runFailure} from "./run-failure.ts";
import type {RunRecord, RunSink, RunStatus, WorkerStatus} from "./types.ts";
import {type WorkerLike, WorkerLink} from "./worker-link.ts";

/** A cancelled run whose worker does not answer for this long is ended with its worker. */
const answerMs = 5000;
/** A run with plain live values waits this long for its cell to hand it new ones, before it is cancelled. */
const handOverMs = 250;

/** What a trainer is made of; the page composes it. */
export interface TrainerOptions extends CaptureSources {
  createWorker(): WorkerLike;
  sink: RunSink;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Library versions by name; part of every fingerprint. */
  versions: Readonly<Record<string, string>>;
  /** Lets the page notice that its worker died (navigator.locks). */
  locks?: Pick<LockManager, "request">;
  /** Calls back after some milliseconds unless the returned function is called; setTimeout without it. */
  delay?(callback: () => void, ms: number): () => void;
}

/** Starts, supersedes, cancels and remembers the runs of a page, in one worker. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #link: WorkerLink;
  readonly #jobs = new Map<string, Job>();
  readonly #requests = new WeakMap<Run, Request>();
  readonly #jobOf = new WeakMap<RunCore, Job>();
  readonly #cache: RunCache;
  /** Fingerprints that are to be computed once whatever the store has. */
  readonly #forced = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #status: WorkerStatus = {backend: null, memory: {tensors: 0, sizeBytes: 0}};

  readonly #hooks: JobHooks = {
    setLive: (core, values) => this.#setLive(core, values),
    note: (core, error) => this.#note(core, error)
  };

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#cache = new RunCache(options.sink);
    const {createWorker, locks} = options;
    const receive = (message: FromWorker) => this.#receive(message);
    this.#link = new WorkerLink({createWorker, locks, receive, died: (reason) => this.#workerDied(reason)});
  }

  /** The worker's backend (null before the first run) and its tensors. */
  get status(): WorkerStatus {
    return this.#status;
  }

  /** The runs that have not ended. */
  get active(): RunRecord[] {
    return [...this.#jobs.values()].map(({core}) => core.record);
  }

  /** How far a run is that has not ended. */
  progressOf(runId: string): RunProgress | undefined {
    return this.#jobs.get(runId)?.core.progress;
  }

  /** Calls back when `status` or `active` has changed. Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Trains: `fn` is called in the worker with `{ops, data, params, live, key, signal, log, checkpoint}` and yields
   * rows. Returns at once.
   * @throws CaptureError when something that `fn` needs cannot be sent, TrainOptionError for a senseless option.
   */
  train(fn: Request["fn"], options: TrainOptions = {}, context: CellContext = {}): Run {
    const {seed} = checkOptions(fn, options);
    const request: Request = {fn, options, context, seed};
    const job = this.#makeJob(request);
    const run = new Run(
      job.core,
      {
        cancel: (core) => this.#cancelCore(core),
        recompute: (again) => this.#recompute(again),
        setLive: (core, values) => this.#setLive(core, values)
      },
      context.signal
    );
    this.#requests.set(run, request);
    this.#hold(run, job);
    if (context.signal?.aborted) this.#cancel(job);
    else this.#start(job, run, false);
    return run;
  }

  cancelAll(): void {
    for (const job of [...this.#jobs.values()]) this.#cancel(job);
  }

  /** Ends the worker; runs under way are interrupted. */
  dispose(): void {
    this.#link.close("The page has closed its training worker.");
  }

  #makeJob(request: Request): Job {
    const job = makeJob(request, this.#options, this.#hooks);
    this.#jobOf.set(job.core, job);
    this.#jobs.set(job.core.record.runId, job);
    this.#changed();
    return job;
  }

  #hold(run: Run, job: Job): void {
    job.holders.add(run);
    const signal = this.#requests.get(run)?.context.signal;
    signal?.addEventListener("abort", () => this.#letGo(run), {once: true});
  }

  /** A cell that held a run has run again or was stopped. */
  #letGo(run: Run): void {
    for (const job of this.#jobs.values()) {
      if (!job.holders.delete(run) || job.holders.size > 0) continue;
      // When only a live value differs, the cell's next call takes the run over: it may be on its way.
      if (!job.watch.hasPlain) this.#cancel(job);
      else this.#delay(() => job.holders.size === 0 && this.#cancel(job), handOverMs);
    }
  }

  #start(job: Job, run: Run, force: boolean): void {
    this.#begin(job, run, force).catch((error: unknown) => this.#fail(job, error));
  }

  async #begin(job: Job, run: Run, force: boolean): Promise<void> {
    const {core, request, params} = job;
    const {options, seed} = request;
    const {diverge = true} = options;
    // It loads while the run is hashed.
    this.#link.open();
    const dataHash = options.data === undefined ? "" : await hashData(options.data);
    const {versions} = this.#options;
    const fn = job.capture.captured;
    job.structure = await structureHash({fn, params, seed, dataHash, versions, diverge});
    job.fingerprint = await fingerprintOf(job.structure, job.live);
    core.update({fingerprint: job.fingerprint, dataHash});
    if (core.ended) return;
    const forced = this.#forced.delete(job.fingerprint) || force;
    const older = [...this.#jobs.values()].filter((other) => supersedes(job, other));
    const twin = older.find((other) => this.#canTakeOver(job, other));
    if (twin && !forced) {
      this.#takeOver(job, twin, run);
      return;
    }
    for (const other of older) this.#cancel(other);
    if (!forced && options.cache !== false && this.#answerFromStore(job, run)) return;
    // The old run's tensors are freed before the new one makes its own.
    await Promise.all(older.map((other) => other.core.whenEnded()));
    if (!core.ended) this.#post(job);
  }

  /** Whether `older` computes what `newer` would, but for live values, and still goes. */
  #canTakeOver(newer: Job, older: Job): boolean {
    if (older.core.ended || older.core.cancelRequested) return false;
    return older.structure === newer.structure && Object.keys(newer.live).length > 0;
  }

  #takeOver(job: Job, twin: Job, run: Run): void {
    const values = job.live;
    this.#forget(job);
    job.holders.clear();
    twin.watch.stop();
    // The newer call's sources are watched from now on, for the run that goes on.
    twin.watch = watchJob(job.request, twin.core, this.#hooks);
    twin.holders.add(run);
    this.#setLive(twin.core, values);
    run.attach(twin.core);
  }

  #answerFromStore(job: Job, run: Run): boolean {
    const core = this.#cache.find(job.fingerprint);
    if (!core) return false;
    this.#forget(job);
    this.#jobOf.set(core, {...job, core});
    run.attach(core);
    return true;
  }

  #post(job: Job): void {
    const {core, capture: captured, params, live, request} = job;
    const {runId, dataHash} = core.record;
    job.posted = true;
    this.#record(core);
    try {
      const dataKey = dataHash === "" ? null : dataHash;
      if (dataKey !== null) this.#link.sendData(dataKey, request.options.data);
      const diverge = request.options.diverge ?? true;
      const fn = captured.captured;
      this.#link.post(
        {type: "start", runId, fn, params, live, seed: request.seed, dataKey, diverge},
        captured.buffers
      );
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #cancelCore(core: RunCore): void {
    const job = this.#jobOf.get(core);
    if (job) this.#cancel(job);
  }

  #cancel(job: Job): void {
    const {core} = job;
    if (core.ended || core.cancelRequested) return;
    core.cancelRequested = true;
    const {runId} = core.record;
    if (job.posted) this.#link.tell({type: "cancel", runId});
    // What the worker has not begun need not be waited for.
    if (core.record.status === "queued") {
      this.#end(job, "cancelled", abortError("The run was cancelled."));
      return;
    }
    core.changed();
    const name = core.record.name;
    this.#delay(() => {
      if (core.ended) return;
      const seconds = answerMs / 1000;
      this.#link.close(
        `The run ${name} did not stop within ${seconds} s of being cancelled, so the training worker was ended.`
      );
    }, answerMs);
  }

  #recompute(run: Run): void {
    const request = this.#requests.get(run);
    if (!request) return;
    const current = [...this.#jobs.values()].find(({holders}) => holders.has(run));
    if (request.context.rerun) {
      const fingerprint = current?.fingerprint ?? run.record.fingerprint.replace(/\+.*$/, "");
      this.#forced.add(fingerprint);
      request.context.rerun();
      return;
    }
    if (request.context.signal?.aborted) return;
    if (current) {
      current.holders.delete(run);
      this.#cancel(current);
    }
    const job = this.#makeJob(request);
    job.holders.add(run);
    run.attach(job.core);
    this.#start(job, run, true);
  }

  #setLive(core: RunCore, values: Readonly<Record<string, unknown>>): void {
    const job = this.#jobOf.get(core);
    if (!job || core.ended) return;
    const changed = Object.entries(values).filter(([name, value]) => !Object.is(job.live[name], value));
    if (changed.length === 0) return;
    const change = Object.fromEntries(changed);
    Object.assign(job.live, change);
    if (job.fingerprint !== "") job.liveChanged = true;
    const {runId} = core.record;
    if (job.posted) this.#link.tell({type: "live", runId, values: change});
    core.changed();
  }

  #receive(message: FromWorker): void {
    if (message.type === "ready" || message.type === "lost") return;
    const {runId} = message;
    const job = this.#jobs.get(runId);
    if (message.type === "rows" || message.type === "ended") this.#setMemory(message.memory);
    if (message.type === "rows" || message.type === "checkpoint") {
      this.#link.tell({type: "ack", runId, sizeBytes: message.sizeBytes});
    }
    if (!job) return;
    const {core} = job;
    if (message.type === "started") this.#started(job, message.backend, message.startedAt);
    else if (message.type === "checkpoint") core.takeCheckpoint(message);
    else if (message.type === "ended") this.#workerEnded(job, message);
    else {
      const {sink} = this.#options;
      if (message.batch.step.length > 0) this.#guard(() => sink.keep(message.batch));
      if (message.ipc) this.#guard(() => sink.append(runId, message.ipc as Uint8Array));
      core.takeRows(message);
    }
  }

  #started(job: Job, backend: BackendInfo, startedAt: number): void {
    this.#status = {...this.#status, backend};
    job.core.update({status: "running", backend, startedAt});
    this.#record(job.core);
    this.#changed();
  }

  #workerEnded(job: Job, message: EndedMessage): void {
    const {status} = message;
    if (status === "completed") this.#end(job, status, null);
    else if (status === "cancelled") this.#end(job, status, abortError("The run was cancelled."));
    else this.#end(job, status, runFailure(job, message));
  }

  #workerDied(reason: string): void {
    for (const job of [...this.#jobs.values()]) {
      if (!job.posted) continue;
      const {lastStep: step, cellId} = job.core.record;
      this.#end(job, "interrupted", new RunError(reason, {status: "interrupted", step, cellId}));
    }
    this.#setMemory({tensors: 0, sizeBytes: 0});
  }

  #fail(job: Job, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#end(job, "failed", new RunError(message, {status: "failed", cellId: job.core.record.cellId}));
  }

  #end(job: Job, status: RunStatus, error: RunError | DOMException | null): void {
    const {core} = job;
    if (core.ended) return;
    this.#forget(job);
    const fingerprint = this.#cache.keep(job.fingerprint, core, status, job.liveChanged);
    core.record = {...core.record, fingerprint};
    core.end(status, this.#options.now(), error);
    // A run that never reached the worker has nothing to show.
    if (job.posted) this.#record(core);
  }

  #forget(job: Job): void {
    job.watch.stop();
    this.#jobs.delete(job.core.record.runId);
    this.#changed();
  }

  #record(core: RunCore): void {
    this.#guard(() => this.#options.sink.record(core.record));
  }

  #note(core: RunCore, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    core.addLogs([{timeMs: this.#options.now(), step: core.record.lastStep, level: "error", text}]);
  }

  /** The store's troubles are not the run's. */
  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      console.error("Petri could not store what a run yielded.", error);
    }
  }

  #delay(callback: () => void, ms: number): void {
    if (this.#options.delay) this.#options.delay(callback, ms);
    else setTimeout(callback, ms);
  }

  #setMemory(memory: MemoryInfo): void {
    this.#status = {...this.#status, memory};
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
