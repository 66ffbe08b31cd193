/** The structural half of what the rest of Petri hands to the tables; `training/types.ts` has the same shapes. */

export const runStatuses = [
  "queued",
  "running",
  "completed",
  "cancelled",
  "failed",
  "diverged",
  "interrupted"
] as const;

/** Everything known of a run. A change is a whole new record with the same `runId`. */
export interface RunRecord {
  runId: string;
  name: string;
  /** The notebook the run was started in, empty outside one. */
  notebook: string;
  /** The cell that called train(), null outside a notebook. */
  cellId: number | null;
  /** The evaluation of the cell that called train(), null where those are not recorded. */
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
  status: (typeof runStatuses)[number];
  /** Structural hyperparameters, as given. */
  params: Readonly<Record<string, unknown>>;
  seed: number;
  /** Source of the training function. */
  code: string;
  /** SHA-256 (hex) over code, params, seed, data, backend and versions. */
  fingerprint: string;
  /** What the run computed on, null until it is known. */
  backend: {name: string; adapter: string} | null;
  /** Library versions by name. */
  versions: Readonly<Record<string, string>>;
  /** SHA-256 of the data the run read; empty when it was given none. */
  dataHash: string;
  /** Milliseconds since the epoch, like the two below. */
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** The last step that yielded a row, null before the first. */
  lastStep: number | null;
  /** Message of the error that ended it. */
  error: string | null;
}

/** Rows of metrics in columns; every array has the same length. */
export interface MetricBatch {
  runId: string;
  /** Number of the first row in its run, from 0. */
  seq: number;
  step: Float64Array;
  /** Milliseconds since the epoch. */
  timeMs: Float64Array;
  /** One column per metric name. */
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
  type: string;
  bytes: Uint8Array;
  /** What is in it; plain JSON. */
  manifest: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** An artifact in the store. */
export interface StoredArtifact extends Omit<ArtifactContent, "bytes" | "inPlace"> {
  sizeBytes: number;
  /** Its bytes; null when the store has lost them. */
  read(): Promise<Uint8Array | null>;
}
