import type {BackendInfo, MemoryInfo} from "../gpu/types.ts";
import {abortError, RunError} from "./errors.ts";
import {ExpectedBackend} from "./expected-backend.ts";
import {
  askProfile,
  type CellContext,
  canTakeOver,
  changeLive,
  hashJob,
  type Job,
  type JobHooks,
  makeJob,
  moveJob,
  type Request,
  setBackend,
  startMessage,
  supersedes,
  watchJob
} from "./job.ts";
import {checkOptions, type TrainOptions} from "./options.ts";
import type {EndedMessage, FromWorker} from "./protocol.ts";
import {Pulse} from "./pulse.ts";
import {Recorder} from "./recorder.ts";
import type {RunProgress} from "./row-types.ts";
import {Run} from "./run.ts";
import {RunCache} from "./run-cache.ts";
import type {RunCore} from "./run-core.ts";
import {hangReason, runFailure} from "./run-failure.ts";
import type {TrainerOptions} from "./trainer-options.ts";
import type {RunRecord, RunStatus, WorkerStatus} from "./types.ts";
import {WorkerLink} from "./worker-link.ts";

/** A cancelled run whose worker does not answer for this long is ended with its worker. */
const answerMs = 5000;
/** A run with plain live values waits this long for its cell to hand it new ones. */
const handOverMs = 250;

/** Starts, supersedes, cancels and remembers the runs of a page, in one worker. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #link: WorkerLink;
  readonly #jobs = new Map<string, Job>();
  readonly #requests = new WeakMap<Run, Request>();
  readonly #jobOf = new WeakMap<RunCore, Job>();
  readonly #cache: RunCache;
  readonly #delay: (callback: () => void, ms: number) => void;
  readonly #recorder: Recorder;
  readonly #pulse: Pulse;
  readonly #backend: ExpectedBackend;
  /** The run that the worker steps. */
  #stepping: string | null = null;
  /** The run that the worker is being ended for. */
  #hung: Job | null = null;
  /** Hashes of inputs that are to be computed once whatever the store has. */
  readonly #forced = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #status: WorkerStatus = {backend: null, memory: {tensors: 0, sizeBytes: 0}};

  readonly #hooks: JobHooks = {
    setLive: (core, values) => this.#setLive(core, values),
    note: (core, error) => core.note(this.#options.now(), error)
  };

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#backend = new ExpectedBackend(options.backendMemory);
    const {createWorker, locks, now} = options;
    this.#delay = options.delay ?? ((callback, ms) => setTimeout(callback, ms));
    this.#cache = new RunCache({sink: options.sink, now, delay: this.#delay});
    this.#recorder = new Recorder(options.sink, this.#delay);
    this.#pulse = new Pulse({
      now,
      delay: this.#delay,
      running: () => this.#cores.filter(({record}) => record.status === "running"),
      ask: () => this.#link.tell({type: "ping"})
    });
    const receive = (message: FromWorker) => this.#receive(message);
    this.#link = new WorkerLink({createWorker, locks, receive, died: (reason) => this.#workerDied(reason)});
  }

  /** The worker's backend (null before it has opened one) and its tensors. */
  get status(): WorkerStatus {
    return this.#status;
  }

  /** The runs that have not ended. */
  get active(): RunRecord[] {
    return this.#cores.map(({record}) => record);
  }

  get #cores(): RunCore[] {
    return [...this.#jobs.values()].map(({core}) => core);
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
    const request: Request = {fn, options, context, checked: checkOptions(fn, options)};
    const job = this.#makeJob(request);
    const run = new Run(
      job.core,
      {
        cancel: (core) => this.#cancel(this.#jobOf.get(core)),
        recompute: (again) => this.#recompute(again),
        profile: (core) => askProfile(core, (message) => this.#link.tell(message)),
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
    const {core, request} = job;
    // It loads while the run is hashed.
    this.#link.open();
    await hashJob(job, this.#options.versions);
    setBackend(job, this.#backend.name);
    if (core.ended) return;
    const forced = this.#forced.delete(request.inputs ?? "") || force;
    const older = [...this.#jobs.values()].filter((other) => supersedes(job, other));
    const twin = older.find((other) => canTakeOver(job, other));
    if (twin && !forced) {
      this.#takeOver(job, twin, run);
      return;
    }
    for (const other of older) this.#cancel(other);
    if (!forced && request.options.cache !== false && (await this.#answerFromStore(job))) return;
    // The old run's tensors are freed before the new one makes its own.
    await Promise.all(older.map((other) => other.core.whenEnded()));
    if (!core.ended) this.#post(job);
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

  /** Whether nothing is left to do: the store had the run, or nobody waits for it any more. */
  async #answerFromStore(job: Job): Promise<boolean> {
    if (job.backend === null && (await this.#cache.hasAny(job.fingerprints.values()))) {
      setBackend(job, await this.#backend.whenOpened());
    }
    const core = job.backend && (await this.#cache.find(job.fingerprint));
    if (job.core.ended) return true;
    // Meanwhile a newer call of its cell may have taken it over with other live values.
    if (!core || job.liveChanged) return false;
    this.#forget(job);
    this.#jobOf.set(core, {...job, core});
    for (const run of job.holders) run.attach(core);
    return true;
  }

  #post(job: Job): void {
    job.posted = true;
    this.#recorder.begin(job);
    try {
      const message = startMessage(job);
      if (message.dataKey !== null) this.#link.sendData(message.dataKey, job.request.options.data);
      this.#link.post(message, job.capture.buffers);
    } catch (error) {
      this.#fail(job, error);
    }
  }

  #cancel(job: Job | undefined): void {
    if (!job || job.core.ended || job.core.cancelRequested) return;
    const {core} = job;
    core.cancelRequested = true;
    if (job.posted) this.#link.tell({type: "cancel", runId: core.record.runId});
    // What the worker has not begun need not be waited for.
    if (core.record.status === "queued") {
      this.#end(job, "cancelled", abortError("The run was cancelled."));
      return;
    }
    core.changed();
    this.#delay(() => core.ended || this.#giveUp(job), answerMs);
  }

  /** Ends the worker, which did not cancel this job in time, for the run that keeps it busy. */
  #giveUp(job: Job): void {
    const hung = (this.#stepping !== null && this.#jobs.get(this.#stepping)) || job;
    this.#hung = hung;
    this.#link.close(hangReason(job, hung, answerMs));
  }

  #recompute(run: Run): void {
    const request = this.#requests.get(run);
    if (!request) return;
    if (request.context.rerun) {
      if (request.inputs !== undefined) this.#forced.add(request.inputs);
      request.context.rerun();
      return;
    }
    if (request.context.signal?.aborted) return;
    const current = [...this.#jobs.values()].find(({holders}) => holders.has(run));
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
    const change = job && changeLive(job, values);
    if (!change) return;
    if (job.posted) this.#link.tell({type: "live", runId: core.record.runId, values: change});
    core.changed();
  }

  #receive(message: FromWorker): void {
    this.#pulse.heard();
    if (message.type === "turn") this.#stepping = message.runId;
    if (message.type === "opened") this.#opened(message.backend);
    if (!("runId" in message) || message.type === "turn") return;
    const {runId} = message;
    const job = this.#jobs.get(runId);
    if (message.type === "rows" || message.type === "ended") this.#setMemory(message.memory);
    if (message.type === "rows" || message.type === "checkpoint") {
      this.#link.tell({type: "ack", runId, sizeBytes: message.sizeBytes});
    }
    if (!job) return;
    const {core} = job;
    if (message.type === "started") this.#started(job, message.backend, message.startedAt);
    else if (message.type === "checkpoint") this.#cache.takeCheckpoint(core, message);
    else if (message.type === "ended") this.#workerEnded(job, message);
    else if (message.type === "resumed") moveJob(job, message);
    else if (message.type === "profile") core.setProfile(message.profile);
    else {
      this.#recorder.rows(core, message);
      core.takeRows(message);
    }
  }

  #opened(backend: BackendInfo | null): void {
    this.#backend.opened(backend);
    if (!backend) return;
    this.#status = {...this.#status, backend};
    this.#changed();
  }

  #started(job: Job, backend: BackendInfo, startedAt: number): void {
    // It may have been asked for under the backend of the last time, and now there is another.
    if (job.backend !== backend.name) setBackend(job, backend.name);
    job.core.update({status: "running", backend, startedAt});
    this.#recorder.record(job.core);
    this.#pulse.start();
    this.#changed();
  }

  #workerEnded(job: Job, message: EndedMessage): void {
    const {status} = message;
    if (status === "completed") this.#end(job, status, null);
    else if (status === "cancelled") this.#end(job, status, abortError("The run was cancelled."));
    else this.#end(job, status, runFailure(job, message));
  }

  #workerDied(reason: string): void {
    const hung = this.#hung;
    this.#hung = null;
    this.#stepping = null;
    this.#pulse.heard();
    this.#backend.opened(null);
    for (const job of [...this.#jobs.values()]) {
      if (!job.posted) continue;
      if (hung && job !== hung) this.#restart(job, reason);
      else this.#interrupt(job, reason);
    }
    this.#setMemory({tensors: 0, sizeBytes: 0});
  }

  #interrupt(job: Job, reason: string): void {
    const {lastStep: step, cellId} = job.core.record;
    this.#end(job, "interrupted", new RunError(reason, {status: "interrupted", step, cellId}));
  }

  /** The worker was ended for another run: this one begins anew, for those who still want it. */
  #restart(job: Job, reason: string): void {
    const runs = [...job.holders];
    if (job.core.cancelRequested || runs.length === 0) {
      this.#end(job, "cancelled", abortError("The run was cancelled."));
      return;
    }
    let next: Job;
    try {
      next = this.#makeJob(job.request);
    } catch (error) {
      this.#interrupt(job, `${reason} It could not be started again: ${String(error)}`);
      return;
    }
    Object.assign(next.live, job.live);
    next.core.update({attempt: job.core.record.attempt + 1});
    next.core.note(this.#options.now(), `Started again from the first step. ${reason}`);
    for (const run of runs) {
      next.holders.add(run);
      run.attach(next.core);
    }
    this.#interrupt(job, `${reason} This run was started again.`);
    this.#start(next, runs[0], true);
  }

  #fail(job: Job, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#end(job, "failed", new RunError(message, {status: "failed", cellId: job.core.record.cellId}));
  }

  #end(job: Job, status: RunStatus, error: RunError | DOMException | null): void {
    const {core} = job;
    if (core.ended) return;
    this.#forget(job);
    core.record = {...core.record, fingerprint: this.#cache.keyOf(job)};
    core.end(status, this.#options.now(), error);
    // A run that never reached the worker has nothing to show.
    if (job.posted) this.#recorder.end(job, this.#cache);
  }

  #forget(job: Job): void {
    job.watch.stop();
    this.#jobs.delete(job.core.record.runId);
    this.#changed();
  }

  #setMemory(memory: MemoryInfo): void {
    this.#status = {...this.#status, memory};
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
