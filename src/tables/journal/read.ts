import type {MetricColumns} from "../encode.ts";
import {writeMetrics} from "../encode.ts";
import {encodeRows} from "../encode-rows.ts";
import {LatestMetrics, mergeLatest} from "../latest.ts";
import {type Row, type TableName, tables} from "../schema.ts";
import {readArtifacts} from "./artifact-rows.ts";
import {JournalError} from "./errors.ts";
import {keptEvaluations} from "./kept-evaluations.ts";
import {KeyStretches} from "./key-stretches.ts";
import type {RowMerger} from "./merge-rows.ts";
import {mergeTable, type SmallTable} from "./merge-table.ts";
import {MetricCollector} from "./metric-collector.ts";
import {metricColumns} from "./metric-columns.ts";
import type {Snapshot, SnapshotRecord} from "./snapshot.ts";
import {sortBySeq} from "./sort-metrics.ts";
import type {TableStream} from "./with-snapshot.ts";

/** Most rows of one merged stream: 10 MB, written in some 20 ms. */
const rowsPerStream = 250_000;

/** Sorted rows that are given metric by metric: 100 MB, a row group of the database for each of 20 metrics. */
const rowsPerStretches = 2_500_000;

/** Most rows of all metrics that some runs may have for a few of them to be read by themselves. */
const mostChosenRows = 2_000_000;

type Latest = Row<"latest_metrics">;

/** Merges the rows of `latest_metrics` of parts of the metrics. */
class LatestMerger {
  readonly #rows = new Map<string, Latest>();

  add(rows: Iterable<Latest>): void {
    for (const row of rows) {
      const id = JSON.stringify([row.run_id, row.key]);
      const known = this.#rows.get(id);
      this.#rows.set(id, known ? mergeLatest(known, row) : row);
    }
  }

  rows(): Latest[] {
    return [...this.#rows.values()];
  }
}

/** The rows of one of the small tables, those of deleted runs and evaluations that nobody needs left out. */
export async function readTable(snapshot: Snapshot, table: SmallTable): Promise<RowMerger> {
  if (table !== "cell_execs" && table !== "cell_edges") return mergeTable(snapshot, table);
  const kept = await keptEvaluations(snapshot);
  const isKept = (row: object) => kept?.has((row as Row<"cell_edges">).cell_exec_id) ?? true;
  return mergeTable(snapshot, table, isKept);
}

/** The records of metrics of a snapshot. */
export function metricRecords(snapshot: Snapshot): SnapshotRecord[] {
  return [...snapshot.records()].filter(({table}) => table === "metrics");
}

/** Merges metrics, and computes `latest_metrics` of them. */
class MetricReader {
  readonly #snapshot: Snapshot;
  readonly #records: SnapshotRecord[];
  /** Of records that say nothing of it themselves. */
  readonly #computed = new LatestMetrics();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#records = metricRecords(snapshot);
  }

  /**
   * Streams of all rows, and of `latest_metrics`: first the rows that nothing sums up yet, then what all rows amount to,
   * then those that were sorted before. Either can be left out.
   */
  async *streams(withRows: boolean, withLatest: boolean): AsyncGenerator<TableStream> {
    const summaries = await this.#summaries();
    const isSummed = ({part}: SnapshotRecord) => summaries.has(part.name);
    yield* this.#newRows(
      this.#records.filter((record) => !isSummed(record)),
      withRows
    );
    if (withLatest) yield* this.#latest();
    if (withRows) yield* this.#sortedRows(this.#records.filter(isSummed));
  }

  async *#newRows(records: readonly SnapshotRecord[], withRows: boolean): AsyncGenerator<TableStream> {
    let collector = new MetricCollector();
    for (const record of records) {
      const content = await this.#snapshot.content(record);
      for (const columns of content ? metricColumns(content) : []) {
        collector.add(columns, (runId) => !this.#snapshot.isDeleted(runId, record));
      }
      if (collector.rows < rowsPerStream) continue;
      yield* this.#write(collector, withRows);
      collector = new MetricCollector();
    }
    if (collector.rows > 0) yield* this.#write(collector, withRows);
  }

  async *#sortedRows(records: readonly SnapshotRecord[]): AsyncGenerator<TableStream> {
    let stretches = new KeyStretches();
    for (const record of records) {
      const content = await this.#snapshot.content(record);
      for (const columns of content ? metricColumns(content) : []) {
        if (!this.#snapshot.hasDeleted(record)) stretches.add(columns);
        else {
          const part = new MetricCollector();
          part.add(columns, (runId) => !this.#snapshot.isDeleted(runId, record));
          if (part.rows > 0) yield {table: "metrics", ipc: encoded(part.take())};
        }
      }
      if (stretches.rows < rowsPerStretches) continue;
      yield* written(stretches);
      stretches = new KeyStretches();
    }
    yield* written(stretches);
  }

  async *#latest(): AsyncGenerator<TableStream> {
    const merger = new LatestMerger();
    const {decodeRows} = await import("../encode-rows.ts");
    for (const [name, ipc] of await this.#summaries()) {
      const record = this.#records.find(({part}) => part.name === name) as SnapshotRecord;
      const rows = decodeRows("latest_metrics", ipc);
      merger.add(rows.filter(({run_id}) => !this.#snapshot.isDeleted(run_id, record)));
    }
    merger.add(this.#computed.rows());
    const rows = merger.rows();
    if (rows.length > 0) yield {table: "latest_metrics", ipc: owned(encodeRows("latest_metrics", rows))};
  }

  *#write(collector: MetricCollector, withRows: boolean): Generator<TableStream> {
    const columns = collector.take();
    this.#computed.add(columns);
    if (withRows) yield {table: "metrics", ipc: encoded(columns)};
  }

  #known: Promise<Map<string, Uint8Array>> | undefined;

  /** What sorted segments say of their own rows, by name. */
  #summaries(): Promise<Map<string, Uint8Array>> {
    this.#known ??= this.#readSummaries();
    return this.#known;
  }

  async #readSummaries(): Promise<Map<string, Uint8Array>> {
    const firsts = new Map(
      this.#records.filter(({isSorted}) => isSorted).map((record) => [record.part.name, record])
    );
    const found = await Promise.all(
      [...firsts].map(async ([name, record]) => [name, await this.#snapshot.latest(record)] as const)
    );
    return new Map(found.flatMap(([name, ipc]) => (ipc ? [[name, ipc] as const] : [])));
  }
}

const owned = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
const encoded = (columns: MetricColumns) => owned(writeMetrics(columns));

function* written(stretches: KeyStretches): Generator<TableStream> {
  for (const columns of stretches.parts()) yield {table: "metrics", ipc: encoded(columns)};
}

/** All rows of a snapshot, of these tables or of all, in few streams. Tables that are small come first. */
export async function* readStreams(
  snapshot: Snapshot,
  wanted: readonly TableName[] = Object.keys(tables) as TableName[]
): AsyncGenerator<TableStream> {
  for (const table of wanted) {
    if (table === "metrics" || table === "latest_metrics") continue;
    const merger =
      table === "artifacts" ? (await readArtifacts(snapshot)).merger : await readTable(snapshot, table);
    for (const ipc of merger.streams()) yield {table, ipc: owned(ipc)};
  }
  const [withRows, withLatest] = [wanted.includes("metrics"), wanted.includes("latest_metrics")];
  if (!withRows && !withLatest) return;
  yield* new MetricReader(snapshot).streams(withRows, withLatest);
}

/**
 * The rows of `metrics` of one run, in the order they were yielded.
 * @throws JournalError when some of them are damaged: whoever asks for a run wants all of it.
 */
export async function readRunStreams(snapshot: Snapshot, runId: string): Promise<Uint8Array<ArrayBuffer>[]> {
  const collector = new MetricCollector();
  for (const record of metricRecords(snapshot)) {
    if (!record.runs?.some((span) => span.runId === runId)) continue;
    if (snapshot.isDeleted(runId, record)) continue;
    const content = await snapshot.content(record);
    if (!content) throw new JournalError(`Rows of the run ${runId} are damaged on disk.`);
    for (const columns of metricColumns(content)) collector.add(columns, (id) => id === runId);
  }
  return collector.rows === 0 ? [] : [encoded(sortBySeq(collector.take()))];
}

/**
 * The rows of some metrics of some runs, as one stream; null when these runs have so many rows that it takes as long to
 * read all. Rows that are damaged on disk are passed over, as they are when all are read.
 */
export async function readMetricStream(
  snapshot: Snapshot,
  runIds: readonly string[],
  keys: readonly string[],
  mostRows = mostChosenRows
): Promise<Uint8Array<ArrayBuffer> | null> {
  const wanted = {runs: new Set(runIds), keys: new Set(keys)};
  const isWanted = (record: SnapshotRecord) => (runId: string) =>
    wanted.runs.has(runId) && !snapshot.isDeleted(runId, record);
  const found = metricRecords(snapshot).map((record) => {
    const spans = (record.runs ?? []).filter(({runId}) => isWanted(record)(runId));
    return {record, rows: spans.reduce((sum, {rows}) => sum + rows, 0)};
  });
  if (found.reduce((sum, {rows}) => sum + rows, 0) > mostRows) return null;
  const collector = new MetricCollector();
  for (const {record, rows} of found) {
    const content = rows > 0 && (await snapshot.content(record));
    for (const columns of content ? metricColumns(content) : [])
      collector.add(columns, isWanted(record), (key) => wanted.keys.has(key));
  }
  return encoded(collector.take());
}
