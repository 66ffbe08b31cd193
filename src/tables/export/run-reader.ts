import type {Row} from "../schema.ts";

/** Metrics of one run in columns, in the order they were recorded. */
export interface StoredMetrics {
  key: readonly string[];
  step: Float64Array;
  /** Milliseconds since the epoch. */
  timeMs: Float64Array;
  value: Float64Array;
}

export interface StoredRun {
  run: Row<"runs">;
  experiment: Row<"experiments">;
  params: readonly Row<"params">[];
}

/** The runs to write. Metrics come run by run: all at once may be too much. */
export interface RunReader {
  runs: readonly StoredRun[];
  metricDefs: readonly Row<"metric_defs">[];
  metrics(runId: string): Promise<StoredMetrics>;
  /** The names of all metrics that these runs have. */
  keys(runIds: readonly string[]): readonly string[];
}

/** The experiments of the runs. */
export function experimentsOf({runs}: RunReader): Row<"experiments">[] {
  return [...new Map(runs.map(({experiment}) => [experiment.experiment_id, experiment])).values()];
}

/** Places in a run's metrics that belong to one row of a wide table: one step, and no key twice. */
export function rowsByStep({
  key,
  step,
  timeMs
}: StoredMetrics): {step: number; timeMs: number; at: Map<string, number>}[] {
  const rows: {step: number; timeMs: number; at: Map<string, number>}[] = [];
  const open = new Map<number, {step: number; timeMs: number; at: Map<string, number>}>();
  for (let i = 0; i < key.length; i++) {
    let row = open.get(step[i]);
    if (!row || row.at.has(key[i])) {
      row = {step: step[i], timeMs: timeMs[i], at: new Map()};
      open.set(step[i], row);
      rows.push(row);
    }
    row.at.set(key[i], i);
  }
  return rows;
}
