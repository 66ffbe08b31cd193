import type {Row} from "./schema.ts";

/** Metrics of one run in columns, all of the same length; in the order they were written. */
export interface ImportedMetrics {
  runId: string;
  key: readonly string[];
  step: Float64Array;
  /** Milliseconds since the epoch. */
  timeMs: Float64Array;
  value: Float64Array;
}

/** A piece of an import. */
export interface ImportedRows {
  experiments?: readonly Row<"experiments">[];
  runs?: readonly Row<"runs">[];
  params?: readonly Row<"params">[];
  metricDefs?: readonly Row<"metric_defs">[];
  metrics?: readonly ImportedMetrics[];
  /** Rows of metrics that a file has, where that can be told before they are read. */
  expectedRows?: number;
  /** What could not be taken in or had to be guessed, for people. */
  notes?: readonly string[];
}

/** How far an import is. */
export interface ImportProgress {
  /** Rows of metrics that were read. */
  metricRows: number;
  /** How many there are, null when nobody knows. */
  ofRows: number | null;
}

export interface ImportReport {
  /** Runs taken in, and those left out because the store has them already. */
  runs: number;
  knownRuns: number;
  params: number;
  metricRows: number;
  /** What could not be taken in, for people. */
  notes: string[];
}
