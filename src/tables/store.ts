import {ArtifactStore} from "./artifact-store.ts";
import type {TableChanges} from "./changes.ts";
import {ClosedTabs} from "./closed-tabs.ts";
import {tableNames} from "./ddl.ts";
import type {ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";
import type {Journal, JournalRecord} from "./journal/types.ts";
import {JournalQueue} from "./journal-queue.ts";
import {paramRows} from "./parameters.ts";
import {readAhead} from "./read-ahead.ts";
import {type CellSource, revise} from "./revisions.ts";
import {indexedTables, RunIndex} from "./run-index.ts";
import {isSameRun, runRecord, runRow} from "./run-rows.ts";
import type {RunWriter} from "./run-writer-types.ts";
import type {Row, RunRow, TableName} from "./schema.ts";
import {inKind, isDeletion, type Step} from "./steps.ts";
import type {ArtifactContent, MetricBatch, MetricDefinition, RunRecord, StoredArtifact} from "./types.ts";
import {isWhole} from "./whole-run.ts";

/** Bytes that may wait for a database to be asked. */
const mostPendingBytes = 16 * 2 ** 20;

export interface StoreOptions {
  changes: TableChanges;
  /** Opens the journal; called once, when there is something to write or to read. */
  journal(): Promise<Journal>;
  /** The tabs that are open, by the names that runs bear in `tab`; without it, runs of other tabs are left alone. */
  liveTabs?(): Promise<ReadonlySet<string>>;
  /** The browser's locks, for what only one tab may do at a time; without them there is one tab. */
  locks?: Pick<LockManager, "request">;
  /** Rows that the program brings with it, such as those of `systems`. */
  given?(): Promise<{[T in TableName]?: readonly Row<T>[]}>;
  /** Milliseconds since the epoch. */
  now?(): number;
}

/**
 * Every run and its rows: on disk in the journal, and in a database as long as there is one. Training writes here and
 * is answered from here; a database reads all of the journal when it starts, and what is new before each query.
 */
export class RunStore {
  readonly #changes: TableChanges;
  readonly #queue: JournalQueue;
  readonly #options: StoreOptions;
  readonly #index = new RunIndex();
  /** This page's runs, with their parameters as they were given. */
  readonly #own = new Map<string, RunRecord>();
  readonly #listeners = new Set<(batch: MetricBatch) => void>();
  readonly #acknowledged = new Map<string, number>();
  readonly #artifacts = new ArtifactStore({
    index: this.#index,
    journal: () => this.#load(),
    write: (table, row) => this.#queue.push((encode) => ({table, ipc: encode(table, [row])}))
  });
  readonly #closedTabs: ClosedTabs;
  #indexed: Promise<Journal> | null = null;
  #writer: RunWriter | null = null;
  /** Whether the writer has what the journal had when it was read; what came since is pending. */
  #loaded = false;
  /** Whether a reading of the journal was cut off, so that the writer has some of its rows. */
  #isPartial = false;
  #pending: Step[] | null = null;
  #pendingBytes = 0;
  #reading: Promise<ReturnType<Journal["read"]>> | null = null;
  #changedRuns = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#changes = options.changes;
    const {liveTabs, now = Date.now} = options;
    const isOwn = (runId: string) => this.#own.has(runId);
    this.#closedTabs = new ClosedTabs({index: this.#index, liveTabs, isOwn, now});
    this.#queue = new JournalQueue(options.journal, {
      sent: (record) => this.#take(record),
      kept: ({runId, seq}) => {
        if (runId !== undefined && seq) this.#acknowledged.set(runId, seq[1]);
      }
    });
  }

  /** By run, the `seq` of the last row of metrics that is on disk; of this page's runs. */
  get acknowledged(): ReadonlyMap<string, number> {
    return this.#acknowledged;
  }

  /** Adds a run, or replaces what was known of it. */
  record(run: RunRecord): void {
    const before = this.#own.get(run.runId);
    const isNew = !this.#index.runs.has(run.runId);
    this.#own.set(run.runId, run);
    this.#index.runs.set(run.runId, runRow(run));
    this.#changedRuns.add(run.runId);
    this.#changes.bump("runs");
    if (isNew) {
      this.write("params", paramRows(run.runId, run.params));
      void this.#ensureExperiment(run);
    }
    // How far it is can be told from its metrics.
    if (!before || !isSameRun({...before, lastStep: run.lastStep}, run)) this.write("runs", [runRow(run)]);
  }

  /** Takes over the Arrow IPC stream of some rows of a run; `seq`: the numbers of the first and the last. */
  append(runId: string, ipc: Uint8Array, seq: readonly [first: number, last: number]): void {
    this.#queue.push(() => ({table: "metrics", ipc, runId, seq}));
  }

  /** Tells those who draw rows as they come. */
  keep(batch: MetricBatch): void {
    for (const listener of [...this.#listeners]) listener(batch);
  }

  /** Calls back with rows as they come, of this tab's runs and of other tabs'. Returns the way to stop. */
  onBatch(listener: (batch: MetricBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds rows to a table, or replaces those with the same key. */
  write<T extends TableName>(table: T, rows: readonly Row<T>[]): void {
    if (rows.length > 0) this.#queue.push((encode) => ({table, ipc: encode(table, rows)}));
  }

  /** The latest completed run with this fingerprint and its rows; null also when some of them were lost. */
  async find(fingerprint: string): Promise<{run: RunRecord; batches: MetricBatch[]} | null> {
    const journal = await this.#load();
    const row = this.#index.find(fingerprint);
    if (!row) return null;
    const run = this.#own.get(row.run_id) ?? runRecord(row);
    const [streams, {decodeMetrics}] = await Promise.all([
      journal.readRun(run.runId),
      import("./decode-metrics.ts")
    ]);
    const batches = decodeMetrics(run.runId, streams);
    return isWhole(run, batches) ? {run, batches} : null;
  }

  /** Takes in what metrics of an experiment mean, by name. */
  defineMetrics(experiment: string, metrics: Readonly<Record<string, MetricDefinition>>): void {
    this.write("metric_defs", this.#index.defineAll(experiment, metrics));
  }

  /** Stores content of a run under its hash; resolves when it is on disk. */
  keepArtifact(content: ArtifactContent): Promise<void> {
    return this.#artifacts.keep(content);
  }

  /** What is kept of a run, the newest version of each name. */
  artifacts(runId: string): Promise<StoredArtifact[]> {
    return this.#artifacts.of(runId);
  }

  /** Has whoever watches a table ask again: what a view of it is made of as well has come. */
  touch(table: TableName): void {
    this.#changes.bump(table);
  }

  /** The numbers of revisions of cells' sources; new ones are written down. */
  async revise(cells: readonly CellSource[]): Promise<number[]> {
    const journal = await this.#load();
    const {locks} = this.#options;
    const write = (rows: readonly Row<"cells">[]) =>
      this.#queue.push((encode) => ({table: "cells", ipc: encode("cells", rows)}));
    return revise(cells, {index: this.#index, journal, locks, write});
  }

  /** Takes in runs from elsewhere; those that are here already are left out. */
  async importRows(
    chunks: AsyncIterable<ImportedRows>,
    onProgress?: (progress: ImportProgress) => void
  ): Promise<ImportReport> {
    const [journal, {importRows}] = await Promise.all([this.#load(), import("./import-rows.ts")]);
    const target = {
      index: this.#index,
      runsWithRows: async () => (await journal.usage()).map(({runId}) => runId),
      append: (record: JournalRecord) => this.#queue.push(() => record),
      deleteRuns: (runIds: readonly string[]) => this.deleteRuns(runIds)
    };
    const work = () => importRows(chunks, target, onProgress);
    const {locks} = this.#options;
    // Of two at once, in whichever tabs, each would take the other's rows for what one left that was cut off.
    return await (locks ? locks.request("petri/import", work) : work());
  }

  /** Every run that is here, from whichever session. */
  async runs(): Promise<RunRow[]> {
    await this.#load();
    await this.#interruptRunsOfClosedTabs();
    return [...this.#index.runs.values()];
  }

  /** Learns of runs that came into the journal without a word, as from an archive. */
  async reread(): Promise<void> {
    await this.#takeAll(await this.#load());
    this.#flushing = this.#flushing
      .catch(() => {})
      .then(async () => {
        if (this.#loaded) await this.#writer?.clear();
        this.#loaded = false;
      });
    await this.#flushing;
    for (const table of tableNames) this.#changes.bump(table);
  }

  /** Deletes runs with all their rows, for good. */
  async deleteRuns(runIds: readonly string[]): Promise<void> {
    const journal = await this.#load();
    await journal.deleteRuns(runIds);
    this.#forget(runIds);
  }

  /** Begins to read for a database that is being started: neither waits for the other. */
  prepare(): void {
    this.#reading ??= this.#read();
    this.#reading.catch(() => {});
  }

  /** The database did not start: nothing is read for it, and no rows wait for it. */
  abandon(): void {
    const reading = this.#reading;
    this.#reading = null;
    this.#pending = null;
    reading?.then((streams) => streams[Symbol.asyncIterator]().return?.()).catch(() => {});
  }

  /** Sends rows to this database from now on; it gets everything that is kept first. */
  attach(writer: RunWriter): void {
    this.#writer = writer;
    this.#loaded = false;
    this.#isPartial = false;
    this.#flushing = Promise.resolve();
  }

  /** Resolves when all that was recorded before the call is in the database; at once when there is none. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    try {
      await this.#flushTo(writer);
    } catch (error) {
      // A statement that got at the tables must not stop every query after it.
      if (!(await writer.mend().catch(() => false))) throw error;
      this.#loaded = false;
      await this.#flushTo(writer);
    }
  }

  async #flushTo(writer: RunWriter): Promise<void> {
    for (let attempt = 1; !this.#loaded; attempt++) {
      try {
        await this.#fill(writer);
      } catch (error) {
        // Another tab compacted the journal under the reader.
        if ((error as Error)?.name !== "JournalError" || attempt === 3) throw error;
      }
    }
    await this.#interruptRunsOfClosedTabs();
    const {encodeRows} = await import("./encode-rows.ts");
    const [pending, changed] = [this.#pending ?? [], this.#changedRuns];
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#changedRuns = new Set();
    const rows = [...changed].flatMap((id) => this.#index.runs.get(id) ?? []);
    const last: Step[] = rows.length > 0 ? [{table: "runs", ipc: encodeRows("runs", rows)}] : [];
    let done = 0;
    try {
      for (const steps of inKind([...pending, ...last])) {
        if (isDeletion(steps)) await writer.deleteRuns(steps.flatMap(({deleted}) => deleted));
        else await writer.write(steps as JournalRecord[]);
        done += steps.length;
      }
    } catch (error) {
      // Nothing is lost: what was not taken in waits for the next flush, or for the next database.
      for (const id of changed) this.#changedRuns.add(id);
      this.#pending = [...pending.slice(done), ...(this.#pending ?? [])];
      throw error;
    }
  }

  /** Begins to read all of the journal, which then is on its way before it is asked for. */
  async #read(): Promise<ReturnType<Journal["read"]>> {
    const journal = await this.#load();
    // What comes after this is not in what is read.
    this.#pending = [];
    this.#pendingBytes = 0;
    return readAhead(journal.read());
  }

  /** Gives a database all of the journal. */
  async #fill(writer: RunWriter): Promise<void> {
    const reading = this.#reading ?? this.#read();
    this.#reading = null;
    const streams = await reading;
    // Rows of metrics have no key: those that are there would be there twice.
    if (this.#isPartial) await writer.clear();
    this.#isPartial = true;
    for await (const {table, ipc} of streams) await writer.load(table, ipc);
    await writer.loaded();
    for (const id of this.#own.keys()) this.#changedRuns.add(id);
    const {encodeRows} = await import("./encode-rows.ts");
    const given = Object.entries((await this.#options.given?.()) ?? {}) as [TableName, Row<TableName>[]][];
    await writer.write(given.map(([table, rows]) => ({table, ipc: encodeRows(table, rows)})));
    this.#isPartial = false;
    this.#loaded = true;
  }

  /** The journal, once the index knows what is in it. */
  #load(): Promise<Journal> {
    this.#indexed ??= this.#readIndex().catch((error) => {
      this.#indexed = null;
      throw error;
    });
    return this.#indexed;
  }

  async #readIndex(): Promise<Journal> {
    const [journal, {decodeRows}] = await Promise.all([this.#queue.journal(), import("./encode-rows.ts")]);
    journal.onForeign((record) => {
      this.#index.take(record.table, record.ipc, decodeRows, this.#own);
      this.#take(record);
      if (record.table === "metrics" && record.runId !== undefined) void this.#tell(record.runId, record.ipc);
    });
    journal.onDeleted((runIds) => this.#forget(runIds));
    await this.#takeAll(journal);
    await this.#interruptRunsOfClosedTabs();
    return journal;
  }

  async #takeAll(journal: Journal): Promise<void> {
    const {decodeRows} = await import("./encode-rows.ts");
    for await (const {table, ipc} of journal.read(indexedTables))
      this.#index.take(table, ipc, decodeRows, this.#own);
  }

  async #interruptRunsOfClosedTabs(): Promise<void> {
    for (const row of await this.#closedTabs.interrupted()) {
      this.#index.runs.set(row.run_id, row);
      this.#changedRuns.add(row.run_id);
      this.write("runs", [row]);
    }
  }

  async #tell(runId: string, ipc: Uint8Array): Promise<void> {
    if (this.#listeners.size === 0) return;
    const {decodeMetrics} = await import("./decode-metrics.ts");
    for (const batch of decodeMetrics(runId, [ipc])) this.keep(batch);
  }

  /** A record is on its way to the journal, or came from another tab. */
  #take(record: JournalRecord): void {
    this.#changes.bump(record.table);
    if (record.table === "metrics") this.#changes.bump("latest_metrics");
    this.#pending?.push(record);
    this.#pendingBytes += record.ipc.length;
    if (this.#loaded && this.#pendingBytes > mostPendingBytes) this.#flushAhead();
  }

  /** Nobody asks while a run goes on for hours: its rows must not all wait in memory for who does. */
  #flushAhead(): void {
    this.#pendingBytes = 0;
    this.flush().catch(() => {
      // Whoever asks next is told why; the database then reads the journal again.
      this.#loaded = false;
      this.#isPartial = true;
      this.#pending = null;
    });
  }

  #forget(runIds: readonly string[]): void {
    this.#index.forget(runIds);
    for (const id of runIds) {
      this.#changedRuns.delete(id);
      // It may come back from an archive.
      this.#own.delete(id);
    }
    this.#pending?.push({deleted: runIds});
    for (const table of ["runs", "params", "metrics", "latest_metrics", "artifacts"])
      this.#changes.bump(table);
  }

  async #ensureExperiment({experiment, createdAt}: RunRecord): Promise<void> {
    // What was there before keeps the time it was made at.
    await this.#load().catch(() => {});
    if (this.#index.experiments.has(experiment)) return;
    this.#index.experiments.add(experiment);
    const row = {experiment_id: experiment, name: experiment, created_at: new Date(createdAt)};
    this.write("experiments", [{...row, lifecycle_stage: "active", tags: new Map()}]);
  }
}
