import type {BackendInfo, MemoryInfo} from "../gpu/types.ts";

export type RunStatus =
  | "queued"
  | "running"
  | "completed"
  | "cancelled"
  | "failed"
  | "diverged"
  | "interrupted";

/** Everything known of a run; the row of the table `runs`. Changes are whole new records. */
export interface RunRecord {
  runId: string;
  name: string;
  /** The notebook the run was started in, empty outside one. */
  notebook: string;
  /** The id of the cell that called train(). */
  cellId: number | null;
  status: RunStatus;
  /** Structural hyperparameters, as given. */
  params: Readonly<Record<string, unknown>>;
  seed: number;
  /** Source of the training function, for provenance. */
  code: string;
  /**
   * SHA-256 (hex) over code, captured values, params, live values at the start, seed, data and versions. A suffix
   * `+live` says that live values changed on the way, `+fields` that there was more than numbers: neither can be
   * answered from the store alone.
   */
  fingerprint: string;
  /** What the run computed on, null until it is known. */
  backend: {name: string; adapter: string} | null;
  /** Library versions, e.g. {petri: "0.1.0", tfjs: "4.22.0"}. */
  versions: Readonly<Record<string, string>>;
  /** SHA-256 of the data the run read; empty when it was given none. */
  dataHash: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** The highest step that yielded a row, null before the first. */
  lastStep: number | null;
  /** Message of the error that ended it: failed, diverged or interrupted. */
  error: string | null;
}

/** Rows in columns, as they leave the worker: every array has the same length. */
export interface MetricBatch {
  runId: string;
  /** Number of the first row in this run, from 0. */
  seq: number;
  step: Float64Array;
  /** Milliseconds since the epoch. */
  timeMs: Float64Array;
  /** One column per metric name; NaN where a row has no such number. */
  columns: Record<string, Float64Array>;
  /** For a metric that some rows lack: 1 where the row has it. A name that is missing here is in every row. */
  present?: Record<string, Uint8Array>;
}

/** Where runs and their rows go. `tables` implements it; a test passes its own. */
export interface RunSink {
  /** Called at creation, at every change of status, and a few times a second while rows come. */
  record(run: RunRecord): void;
  /** `ipc`: the batch as an Arrow IPC stream with the columns of the table `metrics`. Ownership moves to the sink. */
  append(runId: string, ipc: Uint8Array): void;
  /** A completed run with this fingerprint and its rows, if the store has one. */
  find(fingerprint: string): {run: RunRecord; batches: MetricBatch[]} | null;
  /** Keeps the batches of a run for `find` and for charts. */
  keep(batch: MetricBatch): void;
}

export interface WorkerStatus {
  backend: BackendInfo | null;
  memory: MemoryInfo;
}
