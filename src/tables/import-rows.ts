import {type MetricColumns, writeMetrics} from "./encode.ts";
import {encodeRows} from "./encode-rows.ts";
import {ImportError} from "./import/import-error.ts";
import type {ImportedMetrics, ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";
import type {JournalRecord} from "./journal/types.ts";
import type {RunIndex} from "./run-index.ts";
import type {Row, TableName} from "./schema.ts";

interface Target {
  index: RunIndex;
  append(record: JournalRecord): void;
  deleteRuns(runIds: readonly string[]): Promise<void>;
}

/** Whole numbers of 64 bits. @throws ImportError where one is none. */
function whole(numbers: Float64Array, what: string, runId: string): BigInt64Array {
  return BigInt64Array.from(numbers, (x) => {
    if (Math.abs(x) < 2 ** 63) return BigInt(Math.round(x));
    throw new ImportError(
      `A value of the run ${runId} has the ${what} ${x}. Expected a whole number below 2^63.`
    );
  });
}

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
    step: whole(step, "step", runId),
    timeMs: whole(timeMs, "time", runId),
    value,
    seq: BigInt64Array.from(value, (_, i) => BigInt(first + i))
  };
}

/**
 * Writes imported rows into a store. Runs that it has already are left out with all their rows. Of an import that fails
 * no run stays: half of one would be known, and never be completed.
 * @throws ImportError where a row cannot be stored, and what the chunks throw.
 */
export async function importRows(
  chunks: AsyncIterable<ImportedRows>,
  target: Target,
  onProgress?: (progress: ImportProgress) => void
): Promise<ImportReport> {
  const {index} = target;
  const report: ImportReport = {runs: 0, knownRuns: 0, params: 0, metricRows: 0, notes: []};
  const progress: ImportProgress = {metricRows: 0, ofRows: null};
  const known = new Set(index.runs.keys());
  const begun = new Set<string>();
  const skipped = new Set<string>();
  const nextSeq = new Map<string, number>();
  const isNew = ({run_id}: {run_id: string}) => !known.has(run_id);
  const put = <T extends TableName>(table: T, rows: readonly Row<T>[]) => {
    if (rows.length > 0) target.append({table, ipc: encoded(table, rows)});
  };
  const take = ({
    experiments = [],
    runs = [],
    params = [],
    metricDefs = [],
    metrics = [],
    expectedRows,
    notes = []
  }: ImportedRows) => {
    report.notes.push(...notes);
    if (expectedRows !== undefined) progress.ofRows = (progress.ofRows ?? 0) + expectedRows;
    const newExperiments = experiments.filter(({experiment_id}) => !index.experiments.has(experiment_id));
    put("experiments", newExperiments);
    for (const {experiment_id} of newExperiments) index.experiments.add(experiment_id);
    put(
      "metric_defs",
      metricDefs.flatMap((row) => index.define(row) ?? [])
    );
    for (const row of runs) if (known.has(row.run_id)) skipped.add(row.run_id);
    // What a file says of a run is no reason to answer train() with it: its rows may be a part of them, or anybody's.
    const newRuns = runs.filter(isNew).map((row) => ({...row, fingerprint: ""}));
    const newParams = params.filter(isNew);
    for (const {run_id} of [...newRuns, ...newParams]) begun.add(run_id);
    put("runs", newRuns);
    for (const row of newRuns) index.runs.set(row.run_id, row);
    put("params", newParams);
    report.runs += newRuns.length;
    report.params += newParams.length;
    for (const part of metrics) {
      progress.metricRows += part.value.length;
      if (known.has(part.runId) || part.value.length === 0) continue;
      begun.add(part.runId);
      const first = nextSeq.get(part.runId) ?? 0;
      const last = first + part.value.length - 1;
      nextSeq.set(part.runId, last + 1);
      const ipc = writeMetrics(columnsOf(part, first));
      target.append({table: "metrics", ipc, runId: part.runId, seq: [first, last]});
      report.metricRows += part.value.length;
    }
  };
  try {
    for await (const chunk of chunks) {
      take(chunk);
      onProgress?.({...progress});
    }
  } catch (error) {
    if (begun.size > 0) await target.deleteRuns([...begun]);
    throw error;
  }
  report.knownRuns = skipped.size;
  return report;
}

function encoded<T extends TableName>(table: T, rows: readonly Row<T>[]): Uint8Array {
  try {
    return encodeRows(table, rows);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(`What was read has rows of ${table} that cannot be stored: ${reason}`, {cause});
  }
}
