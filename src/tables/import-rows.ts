import {type MetricColumns, writeMetrics} from "./encode.ts";
import {encodeRows} from "./encode-rows.ts";
import {ImportError} from "./import/import-error.ts";
import type {ImportedMetrics, ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";
import type {JournalRecord} from "./journal/types.ts";
import type {RunIndex} from "./run-index.ts";
import type {Row, TableName} from "./schema.ts";

interface Target {
  index: RunIndex;
  /** Runs of which there are rows on disk, recorded or not. */
  runsWithRows(): Promise<readonly string[]>;
  /** Resolves when the record is on disk. */
  append(record: JournalRecord): Promise<unknown>;
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

/** One import into a store. */
class Import {
  readonly report: ImportReport = {runs: 0, knownRuns: 0, params: 0, metricRows: 0, notes: []};
  readonly progress: ImportProgress = {metricRows: 0, ofRows: null};
  private readonly target: Target;
  private readonly known: ReadonlySet<string>;
  /** What an import that was cut off left. */
  private readonly leftOver: Set<string>;
  private readonly begun = new Set<string>();
  private readonly skipped = new Set<string>();
  private readonly nextSeq = new Map<string, number>();
  /** Encoded, so that what cannot be stored is said where it is. */
  private readonly runs: {rows: readonly Row<"runs">[]; ipc: Uint8Array}[] = [];
  private written: Promise<unknown> = Promise.resolve();

  private constructor(target: Target, withRows: readonly string[]) {
    this.target = target;
    this.known = new Set(target.index.runs.keys());
    this.leftOver = new Set(withRows.filter((runId) => !this.known.has(runId)));
  }

  static async into(target: Target): Promise<Import> {
    // First: what other tabs wrote before is known after it.
    const withRows = await target.runsWithRows();
    return new Import(target, withRows);
  }

  async take({
    experiments = [],
    runs = [],
    params = [],
    metricDefs = [],
    metrics = [],
    expectedRows,
    notes = []
  }: ImportedRows): Promise<void> {
    const {index} = this.target;
    const isNew = ({run_id}: {run_id: string}) => !this.known.has(run_id);
    this.report.notes.push(...notes);
    if (expectedRows !== undefined) this.progress.ofRows = (this.progress.ofRows ?? 0) + expectedRows;
    const newExperiments = experiments.filter(({experiment_id}) => !index.experiments.has(experiment_id));
    this.put("experiments", newExperiments);
    for (const {experiment_id} of newExperiments) index.experiments.add(experiment_id);
    this.put(
      "metric_defs",
      metricDefs.flatMap((row) => index.define(row) ?? [])
    );
    for (const row of runs) if (!isNew(row)) this.skipped.add(row.run_id);
    const newParams = params.filter(isNew);
    const newMetrics = metrics.filter(({runId}) => !this.known.has(runId));
    this.holdRuns(runs.filter(isNew));
    await this.begin([...newParams.map(({run_id}) => run_id), ...newMetrics.map(({runId}) => runId)]);
    this.put("params", newParams);
    this.report.params += newParams.length;
    for (const part of newMetrics) if (part.value.length > 0) this.putMetrics(part);
    for (const {value} of metrics) this.progress.metricRows += value.length;
  }

  /** The records of runs come last: one that is there is whole. */
  async finish(): Promise<ImportReport> {
    for (const {rows, ipc} of this.runs) {
      this.append({table: "runs", ipc});
      for (const row of rows) this.target.index.runs.set(row.run_id, row);
    }
    await this.written;
    return {...this.report, knownRuns: this.skipped.size};
  }

  /** Takes away what it has written. */
  async undo(): Promise<void> {
    if (this.begun.size > 0) await this.target.deleteRuns([...this.begun]);
  }

  private holdRuns(rows: readonly Row<"runs">[]): void {
    if (rows.length === 0) return;
    // What a file says of a run is no reason to answer train() with it: its rows may be a part of them, or anybody's.
    const own = rows.map((row) => ({...row, fingerprint: ""}));
    this.runs.push({rows: own, ipc: encoded("runs", own)});
    this.report.runs += own.length;
  }

  /** Rows of these runs come: those that an import left which was cut off would be there beside them. */
  private async begin(runIds: readonly string[]): Promise<void> {
    const left = [...new Set(runIds)].filter((runId) => this.leftOver.delete(runId));
    if (left.length > 0) await this.target.deleteRuns(left);
    for (const runId of runIds) this.begun.add(runId);
  }

  private putMetrics(part: ImportedMetrics): void {
    const {runId, value} = part;
    const first = this.nextSeq.get(runId) ?? 0;
    const last = first + value.length - 1;
    this.nextSeq.set(runId, last + 1);
    const ipc = writeMetrics(columnsOf(part, first));
    this.append({table: "metrics", ipc, runId, seq: [first, last]});
    this.report.metricRows += value.length;
  }

  private put<T extends TableName>(table: T, rows: readonly Row<T>[]): void {
    if (rows.length > 0) this.append({table, ipc: encoded(table, rows)});
  }

  private append(record: JournalRecord): void {
    // The journal keeps the order: when the last one is on disk, all are.
    this.written = this.target.append(record);
  }
}

/**
 * Writes imported rows into a store. Runs that it has already are left out with all their rows. Of an import that fails
 * no run stays, and of one that was cut off (its tab was killed) none is recorded: the next one begins with them again.
 * @throws ImportError where a row cannot be stored, and what the chunks throw.
 */
export async function importRows(
  chunks: AsyncIterable<ImportedRows>,
  target: Target,
  onProgress?: (progress: ImportProgress) => void
): Promise<ImportReport> {
  const into = await Import.into(target);
  try {
    for await (const chunk of chunks) {
      await into.take(chunk);
      onProgress?.({...into.progress});
    }
  } catch (error) {
    await into.undo();
    throw error;
  }
  return into.finish();
}

function encoded<T extends TableName>(table: T, rows: readonly Row<T>[]): Uint8Array {
  try {
    return encodeRows(table, rows);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(`What was read has rows of ${table} that cannot be stored: ${reason}`, {cause});
  }
}
