import type {BackendName} from "../gpu/types.ts";
import {type Capture, type CaptureSources, capture} from "./capture/capture.ts";
import {copyData} from "./capture/copy.ts";
import {backendNames} from "./expected-backend.ts";
import {fingerprintOf, hashData, inputsHash, structureHash} from "./fingerprint.ts";
import {type LiveWatch, watchLive} from "./live.ts";
import type {CheckedOptions, TrainOptions} from "./options.ts";
import {findOrigin} from "./position.ts";
import type {ResumedMessage, StartMessage, ToWorker} from "./protocol.ts";
import type {Run} from "./run.ts";
import {RunCore} from "./run-core.ts";
import type {RunRecord} from "./types.ts";

/** What train() was called with. */
export interface Request {
  // biome-ignore lint/complexity/noBannedTypes: what it takes and returns is known in the worker only.
  fn: Function;
  options: TrainOptions;
  context: CellContext;
  checked: CheckedOptions;
  /** Hash of what it computes on whatever backend, once known. */
  inputs?: string;
}

/** Who calls train(). */
export interface CellContext {
  /** The notebook's name, empty outside one. */
  notebook?: string;
  cellId?: number | null;
  /** Names this evaluation of the cell, where evaluations are recorded. */
  execId?: string | null;
  /**
   * The signal of this evaluation of the cell: when it fires the run is cancelled. Runs of one evaluation (one
   * signal) stand beside each other; those of an older one make room.
   */
  signal?: AbortSignal;
  /** The cell's source, to find the function in when nothing else says where it stands. */
  source?: string;
  /** Runs the cell again. With it `run.recompute()` goes through the cell, so that what depends on it follows. */
  rerun?(): void;
}

/** A run under way, with what the trainer needs to know of it. */
export interface Job {
  core: RunCore;
  /** Later calls have larger numbers. */
  order: number;
  request: Request;
  capture: Capture;
  params: Record<string, unknown>;
  watch: LiveWatch;
  live: Record<string, unknown>;
  /** Those who still look at it; when the last one's cell has run again it is cancelled. */
  holders: Set<Run>;
  /** Hash of what the run computes, without live values; empty until it is known. */
  structure: string;
  /** The keys to ask the store for, by backend. */
  fingerprints: ReadonlyMap<BackendName, string>;
  /** What it computes on, as far as that is known, and its fingerprint there. */
  backend: BackendName | null;
  fingerprint: string;
  /** True from the moment the worker knows it. */
  posted: boolean;
  /** Whether live values have changed since its inputs were hashed. */
  liveChanged: boolean;
  /** Whether it lost its device and went on on another kind. */
  isMoved: boolean;
}

/** What a job tells its trainer. */
export interface JobHooks {
  setLive(core: RunCore, values: Readonly<Record<string, unknown>>): void;
  /** Something went wrong that does not end the run. */
  note(core: RunCore, error: unknown): void;
}

/** What a job needs of its trainer's options. */
interface JobOptions extends CaptureSources {
  now(): number;
  versions: Readonly<Record<string, string>>;
  tab?: string;
}

/**
 * A job with copies of all that its function needs, as they are now.
 * @throws CaptureError when something cannot be sent.
 */
export function makeJob(request: Request, options: JobOptions, hooks: JobHooks): Job {
  const {fn, context} = request;
  const {source, cellId = null} = context;
  const captured = capture(fn, {
    ...options,
    originOf: (value) =>
      options.originOf?.(value) ??
      (source === undefined ? undefined : findOrigin(source, String(value), cellId))
  });
  const {copy: params} = copyData({...request.options.params}, "params");
  const core = new RunCore(newRecord(request, params, options), request.options.steps ?? null);
  const watch = watchJob(request, core, hooks);
  return {
    core,
    order: ++jobCount,
    request,
    capture: captured,
    params,
    watch,
    live: {...watch.initial},
    holders: new Set(),
    structure: "",
    fingerprints: new Map(),
    backend: null,
    fingerprint: "",
    posted: false,
    liveChanged: false,
    isMoved: false
  };
}

/** Finds out what a job computes: its structure, and its fingerprints with its live values as they are. */
export async function hashJob(job: Job, versions: Readonly<Record<string, string>>): Promise<void> {
  const {request, params} = job;
  const {data, diverge = true} = request.options;
  const dataHash = data === undefined ? "" : await hashData(data);
  const fn = job.capture.captured;
  job.structure = await structureHash({fn, params, seed: request.checked.seed, dataHash, versions, diverge});
  job.core.update({dataHash});
  job.liveChanged = false;
  const inputs = await inputsHash(job.structure, job.live);
  job.request.inputs = inputs;
  job.fingerprints = new Map(
    await Promise.all(backendNames.map(async (name) => [name, await fingerprintOf(inputs, name)] as const))
  );
}

/** Says what a job computes on, as far as that is known. */
export function setBackend(job: Job, backend: BackendName | null): void {
  job.backend = backend;
  job.fingerprint = (backend && job.fingerprints.get(backend)) ?? "";
  job.core.update({fingerprint: job.fingerprint});
}

/** A job lost its device and goes on on this one. */
export function moveJob(job: Job, {backend, isMoved}: ResumedMessage): void {
  job.isMoved ||= isMoved;
  job.core.update({backend});
}

/** Asks the worker what the steps of a run do on the GPU. */
export function askProfile(core: RunCore, tell: (message: ToWorker) => void): void {
  if (core.record.status !== "running" || core.profile === "waiting") return;
  core.setProfile("waiting");
  tell({type: "profile", runId: core.record.runId});
}

/** What the worker is sent to start a job. */
export function startMessage(job: Job): StartMessage {
  const {core, capture: captured, params, live, request} = job;
  const {runId, dataHash} = core.record;
  return {
    type: "start",
    runId,
    name: core.record.name,
    fn: captured.captured,
    params,
    live,
    seed: request.checked.seed,
    dataKey: dataHash === "" ? null : dataHash,
    diverge: request.options.diverge ?? true
  };
}

/** Watches a request's live sources for a run. */
export function watchJob({options}: Request, core: RunCore, hooks: JobHooks): LiveWatch {
  return watchLive(
    options.live ?? {},
    (name, value) => hooks.setLive(core, {[name]: value}),
    (error) => hooks.note(core, error)
  );
}

let jobCount = 0;

/** Sorts by time, and is told apart from other pages' by chance. */
function newRunId(createdAt: number): string {
  const chance = Array.from(crypto.getRandomValues(new Uint8Array(8)), (x) => (x % 36).toString(36)).join("");
  return `${Math.round(createdAt).toString(36)}-${chance}`;
}

function newRecord(
  {fn, options, context, checked}: Request,
  params: object,
  {now, versions, tab}: JobOptions
): RunRecord {
  const createdAt = now();
  return {
    runId: newRunId(createdAt),
    name: options.name ?? (fn.name || "run"),
    notebook: context.notebook ?? "",
    cellId: context.cellId ?? null,
    cellExecId: context.execId ?? null,
    experiment: options.experiment ?? (context.notebook || "scratch"),
    parentRunId: checked.parentRunId,
    tags: checked.tags,
    tab: tab ?? null,
    attempt: 1,
    status: "queued",
    params: params as RunRecord["params"],
    seed: checked.seed,
    code: String(fn),
    fingerprint: "",
    backend: null,
    versions,
    dataHash: "",
    createdAt,
    startedAt: null,
    endedAt: null,
    lastStep: null,
    error: null
  };
}

/** Whether two jobs come from the same cell, the newer one from a later evaluation of it. */
export function supersedes(newer: Job, older: Job): boolean {
  const [a, b] = [newer.request.context, older.request.context];
  if (a.cellId === undefined || a.cellId === null || newer.order < older.order) return false;
  return a.cellId === b.cellId && a.notebook === b.notebook && a.signal !== b.signal;
}

/** Whether `older` computes what `newer` would, but for live values, and still goes. */
export function canTakeOver(newer: Job, older: Job): boolean {
  if (older.core.ended || older.core.cancelRequested) return false;
  return older.structure === newer.structure && Object.keys(newer.live).length > 0;
}

/** Takes in live values, and returns those that are new; undefined when none is, or the job has ended. */
export function changeLive(
  job: Job,
  values: Readonly<Record<string, unknown>>
): Record<string, unknown> | undefined {
  const changed = Object.entries(values).filter(([name, value]) => !Object.is(job.live[name], value));
  if (job.core.ended || changed.length === 0) return undefined;
  const change = Object.fromEntries(changed);
  Object.assign(job.live, change);
  job.liveChanged = true;
  return change;
}
