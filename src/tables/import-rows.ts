import {type MetricColumns, writeMetrics} from "./encode.ts";
import type {ImportedMetrics, ImportedRows, ImportReport} from "./import-types.ts";
import type {JournalRecord} from "./journal/types.ts";
import type {RunIndex} from "./run-index.ts";
import type {Row, TableName} from "./schema.ts";

interface Target {
  index: RunIndex;
  write<T extends TableName>(table: T, rows: readonly Row<T>[]): void;
  append(record: JournalRecord): void;
}

const whole = (numbers: Float64Array) => BigInt64Array.from(numbers, (x) => BigInt(Math.round(x)));

/** Numbers the words of a column. */
function numbered(words: readonly string[]): {list: string[]; numbers: Int32Array} {
  const known = new Map<string, number>();
  const numbers = Int32Array.from(words, (word) => {
    const number = known.get(word) ?? known.size;
    known.set(word, number);
    return number;
  });
  return {list: [...known.keys()], numbers};
}

/** The columns of `metrics`; rows go on from `seq`. */
function columnsOf({runId, key, step, timeMs, value}: ImportedMetrics, first: number): MetricColumns {
  const {list, numbers} = numbered(key);
  return {
    keys: list,
    runIds: [runId],
    runId: new Int32Array(value.length),
    key: numbers,
    step: whole(step),
    timeMs: whole(timeMs),
    value,
    seq: BigInt64Array.from(value, (_, i) => BigInt(first + i))
  };
}

/** Writes imported rows into a store. Runs that it has already are left out with all their rows. */
export async function importRows(chunks: AsyncIterable<ImportedRows>, target: Target): Promise<ImportReport> {
  const {index} = target;
  const report: ImportReport = {runs: 0, knownRuns: 0, params: 0, metricRows: 0, notes: []};
  const known = new Set(index.runs.keys());
  const skipped = new Set<string>();
  const nextSeq = new Map<string, number>();
  const isNew = ({run_id}: {run_id: string}) => !known.has(run_id);
  for await (const {
    experiments = [],
    runs = [],
    params = [],
    metricDefs = [],
    metrics = [],
    notes = []
  } of chunks) {
    report.notes.push(...notes);
    const newExperiments = experiments.filter(({experiment_id}) => !index.experiments.has(experiment_id));
    for (const {experiment_id} of newExperiments) index.experiments.add(experiment_id);
    target.write("experiments", newExperiments);
    target.write(
      "metric_defs",
      metricDefs.flatMap((row) => index.define(row) ?? [])
    );
    for (const row of runs) {
      if (known.has(row.run_id)) skipped.add(row.run_id);
      else index.runs.set(row.run_id, row);
    }
    const newRuns = runs.filter(isNew);
    const newParams = params.filter(isNew);
    target.write("runs", newRuns);
    target.write("params", newParams);
    report.runs += newRuns.length;
    report.params += newParams.length;
    for (const part of metrics) {
      if (known.has(part.runId) || part.value.length === 0) continue;
      const first = nextSeq.get(part.runId) ?? 0;
      const last = first + part.value.length - 1;
      nextSeq.set(part.runId, last + 1);
      const ipc = writeMetrics(columnsOf(part, first));
      target.append({table: "metrics", ipc, runId: part.runId, seq: [first, last]});
      report.metricRows += part.value.length;
    }
  }
  report.knownRuns = skipped.size;
  return report;
}
