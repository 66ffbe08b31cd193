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
  /** The evaluation of the cell that called train(), where the notebook records those. */
  cellExecId: string | null;
  /** What the run belongs to, by name: the option `experiment`, else the notebook. */
  experiment: string;
  /** The run that this one is a part of. */
  parentRunId: string | null;
  /** Free words by name. */
  tags: Readonly<Record<string, string>>;
  /** The browser tab that runs it; null outside one. */
  tab: string | null;
  /** 1, and one more each time it was started again. */
  attempt: number;
  status: RunStatus;
  /** Structural hyperparameters, as given. */
  params: Readonly<Record<string, unknown>>;
  seed: number;
  /** Source of the training function, for provenance. */
  code: string;
  /**
   * SHA-256 (hex) over code, captured values, params, live values at the start, seed, data, backend and versions. A
   * suffix `+live` says that live values changed on the way, `+moved` that it lost its device and went on on another
   * kind: nobody can ask for that again. `+fields` says that there was more than numbers: it is answered together with
   * its artifacts.
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

/** What a metric means, for every run of an experiment. */
export interface MetricDefinition {
  /** e.g. ms, %. */
  unit?: string;
  /** Which direction is good. */
  goal?: "minimize" | "maximize";
  /** The value that stands for a run. */
  summary?: "last" | "min" | "max" | "best";
  /** The metric that this one is drawn over, in the place of the step. */
  stepKey?: string;
}

/** Content that a run made: a line in `artifacts`, one in `artifact_links`, and bytes in the store. */
export interface ArtifactContent {
  runId: string;
  /** Names it within its run; another one of that name is its next version. */
  name: string;
  /** True for what takes the place of the one of that name, whose content is removed. */
  inPlace?: boolean;
  /** checkpoint: tensors as safetensors. rows: fields of rows that are not numbers. log: lines of text. */
  type: "checkpoint" | "rows" | "log";
  bytes: Uint8Array;
  /** What is in it; plain JSON. */
  manifest: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** An artifact in the store. */
export interface StoredArtifact extends Omit<ArtifactContent, "bytes" | "type" | "inPlace"> {
  type: string;
  sizeBytes: number;
  /** Its bytes; null when the store has lost them. */
  read(): Promise<Uint8Array | null>;
}

/** Where runs and their rows go. `tables` implements it; a test passes its own. */
export interface RunSink {
  /** Called at creation, at every change of status, and a few times a second while rows come. */
  record(run: RunRecord): void;
  /**
   * `ipc`: the batch as an Arrow IPC stream with the columns of the table `metrics`; `seq`: the numbers of its first
   * and last row. Ownership moves to the sink.
   */
  append(runId: string, ipc: Uint8Array, seq: readonly [first: number, last: number]): void;
  /** The latest completed run with this fingerprint and its rows, whichever session computed it; null when there is none. */
  find(fingerprint: string): Promise<{run: RunRecord; batches: MetricBatch[]} | null>;
  /** Keeps the batches of a run for `find` and for charts. */
  keep(batch: MetricBatch): void;
  /** Takes in what metrics of an experiment mean, by name; what is known of others stays. */
  defineMetrics(experiment: string, metrics: Readonly<Record<string, MetricDefinition>>): void;
  /** Stores content of a run; resolves when it is kept. The bytes stay the caller's. */
  keepArtifact(artifact: ArtifactContent): Promise<void>;
  /** What is kept of a run, the newest version of each name. */
  artifacts(runId: string): Promise<StoredArtifact[]>;
}

export interface WorkerStatus {
  backend: BackendInfo | null;
  memory: MemoryInfo;
}
