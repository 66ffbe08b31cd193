import {ArtifactStore} from "./artifact-store.ts";
import type {TableChanges} from "./changes.ts";
import {ClosedTabs} from "./closed-tabs.ts";
import {DatabaseFeed} from "./database-feed.ts";
import {tableNames} from "./ddl.ts";
import type {EarlyRows} from "./early.ts";
import type {ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";
import type {Journal, JournalRecord} from "./journal/types.ts";
import {JournalQueue} from "./journal-queue.ts";
import {paramRows} from "./parameters.ts";
import {type CellSource, revise} from "./revisions.ts";
import {indexedTables, RunIndex} from "./run-index.ts";
import {isSameRun, runRecord, runRow} from "./run-rows.ts";
import type {RunWriter} from "./run-writer-types.ts";
import type {Row, RunRow, TableName} from "./schema.ts";
import type {ArtifactContent, MetricBatch, MetricDefinition, RunRecord, StoredArtifact} from "./types.ts";
import {isWhole} from "./whole-run.ts";

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
  /** What the database is told. */
  readonly #feed: DatabaseFeed;

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
    this.#feed = new DatabaseFeed({
      journal: () => this.#load(),
      run: (runId) => this.#index.runs.get(runId),
      own: () => this.#own.keys(),
      given: options.given,
      beforeWrite: () => this.#interruptRunsOfClosedTabs()
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
    this.#feed.changed(run.runId);
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
    await this.#feed.restart();
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
    this.#feed.prepare();
  }

  /** The database did not start: nothing is read for it, and no rows wait for it. */
  abandon(): void {
    this.#feed.abandon();
  }

  /** Sends rows to this database from now on; it gets everything that is kept first. */
  attach(writer: RunWriter): void {
    this.#feed.attach(writer);
  }

  /** Resolves when all that was recorded before the call is in the database; at once when there is none. */
  flush(): Promise<void> {
    return this.#feed.flush();
  }

  /** What there is for those who do not wait until all rows are in the database. */
  get early(): EarlyRows {
    const feed = this.#feed;
    return {
      isFull: () => feed.isFull,
      emptied: () => feed.emptied,
      flush: () => feed.flushTables(),
      hold: (work) => feed.hold(work),
      read: async (runIds, keys) => (await this.#load()).readMetrics(runIds, keys)
    };
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
      this.#feed.changed(row.run_id);
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
    this.#feed.take(record);
  }

  #forget(runIds: readonly string[]): void {
    this.#index.forget(runIds);
    // They may come back from an archive.
    for (const id of runIds) this.#own.delete(id);
    this.#feed.forget(runIds);
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
