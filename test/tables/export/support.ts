import type {RunReader, StoredMetrics} from "../../../src/tables/export/run-reader.ts";
import type {ImportedRows} from "../../../src/tables/import-types.ts";
import {collect, type Imported} from "../import/support.ts";

/** What was imported, as if the store had taken it in. */
export function readerOf(all: Imported): RunReader {
  const experiments = new Map(all.experiments.map((experiment) => [experiment.experiment_id, experiment]));
  return {
    runs: all.runs.map((run) => {
      const experiment = experiments.get(run.experiment_id);
      if (!experiment) throw new Error(`no experiment ${run.experiment_id}`);
      return {run, experiment, params: all.params.filter(({run_id}) => run_id === run.run_id)};
    }),
    metricDefs: all.metricDefs,
    metrics: async (runId): Promise<StoredMetrics> => {
      const rows = all.metrics[runId] ?? [];
      const [step, timeMs, value] = [1, 2, 3].map((i) => Float64Array.from(rows, (row) => row[i] as number));
      return {key: rows.map(([key]) => key), step, timeMs, value};
    },
    keys: (runIds) => [...new Set(runIds.flatMap((id) => (all.metrics[id] ?? []).map(([key]) => key)))].sort()
  };
}

export async function storeOf(
  pieces: AsyncIterable<ImportedRows>
): Promise<{all: Imported; reader: RunReader}> {
  const all = await collect(pieces);
  return {all, reader: readerOf(all)};
}

/** Runs by id without what an export does not promise to keep. */
export function comparable({runs, params, metrics}: Imported) {
  return runs
    .map((run) => ({
      run_id: run.run_id,
      name: run.name,
      status: run.status,
      start: run.start_time && Number(run.start_time),
      end: run.end_time && Number(run.end_time),
      params: params
        .filter(({run_id}) => run_id === run.run_id)
        .map(({key, value_str, value_num, value_type}) => ({key, value_str, value_num, value_type})),
      metrics: metrics[run.run_id] ?? []
    }))
    .sort((a, b) => (a.run_id < b.run_id ? -1 : 1));
}
