import type {TableChanges} from "./changes.ts";
import type {TableName} from "./schema.ts";
import type {MetricBatch, RunRecord} from "./types.ts";

/** Writes into the database; the store calls one method at a time. A call takes in all it is given, or throws. */
export interface RunWriter {
  /** Adds runs, or replaces those with the same `runId`. */
  writeRuns(runs: readonly RunRecord[]): Promise<void>;
  /** Adds rows of metrics; every element is an Arrow IPC stream with the columns of `metrics`, which stays usable. */
  writeMetrics(streams: readonly Uint8Array[]): Promise<void>;
  /** Makes empty tables again where those of the store are missing or changed, and then returns true. */
  mend(): Promise<boolean>;
  /** The Arrow IPC stream of a batch, for batches that a database before this one had taken in. */
  encode(batch: MetricBatch): Uint8Array;
}

/**
 * The runs of this page and their rows. Until a database is first asked for, rows wait as the Arrow IPC bytes they
 * came as; then they are moved in whenever a query is about to read. Imports neither Arrow nor DuckDB.
 */
export class RunStore {
  private readonly runs = new Map<string, RunRecord>();
  private readonly kept = new Map<string, MetricBatch[]>();
  private changedRuns = new Set<string>();
  private streams: Uint8Array[] = [];
  private writer: RunWriter | null = null;
  private attached = false;
  private flushing: Promise<void> = Promise.resolve();

  private readonly changes: TableChanges;

  constructor(changes: TableChanges) {
    this.changes = changes;
  }

  /** Adds a run, or replaces what was known of it. */
  record(run: RunRecord): void {
    const isNew = !this.runs.has(run.runId);
    this.runs.set(run.runId, run);
    this.changedRuns.add(run.runId);
    this.changed("runs");
    if (isNew) this.changed("params");
  }

  /** Takes over the Arrow IPC stream of some rows of a run. */
  append(_runId: string, ipc: Uint8Array): void {
    this.streams.push(ipc);
    this.changed("metrics");
  }

  /** Keeps rows for `find`, and for a database that has to start again. */
  keep(batch: MetricBatch): void {
    const batches = this.kept.get(batch.runId);
    if (batches) batches.push(batch);
    else this.kept.set(batch.runId, [batch]);
  }

  /** The latest completed run with this fingerprint and its rows. */
  find(fingerprint: string): {run: RunRecord; batches: MetricBatch[]} | null {
    let found: RunRecord | null = null;
    for (const run of this.runs.values()) {
      if (run.fingerprint !== fingerprint || run.status !== "completed") continue;
      if (!found || (run.endedAt ?? 0) >= (found.endedAt ?? 0)) found = run;
    }
    return found && {run: found, batches: [...(this.kept.get(found.runId) ?? [])]};
  }

  /** Sends rows to this database from now on. A second one gets everything again: the first was lost. */
  attach(writer: RunWriter): void {
    if (this.attached) this.refill(writer);
    this.attached = true;
    this.writer = writer;
    this.flushing = Promise.resolve();
  }

  /** Resolves when all that was recorded before the call is in the database; at once when there is none. */
  flush(): Promise<void> {
    this.flushing = this.flushing.catch(() => {}).then(() => this.write());
    return this.flushing;
  }

  private refill(writer: RunWriter): void {
    this.changedRuns = new Set(this.runs.keys());
    this.streams = [...this.kept.values()].flat().map((batch) => writer.encode(batch));
  }

  private async write(): Promise<void> {
    const {writer} = this;
    if (!writer) return;
    try {
      await this.writeTo(writer);
    } catch (error) {
      // A statement that got at the tables must not stop every query after it.
      if (!(await writer.mend().catch(() => false))) throw error;
      this.refill(writer);
      await this.writeTo(writer);
    }
  }

  private async writeTo(writer: RunWriter): Promise<void> {
    const {changedRuns, streams} = this;
    if (changedRuns.size === 0 && streams.length === 0) return;
    this.changedRuns = new Set();
    this.streams = [];
    const runs = [...changedRuns].map((id) => this.runs.get(id) as RunRecord);
    try {
      if (runs.length > 0) await writer.writeRuns(runs);
      if (streams.length > 0) await writer.writeMetrics(streams);
    } catch (error) {
      // Nothing is lost: what was not taken in waits for the next flush, or for the next database.
      for (const id of changedRuns) this.changedRuns.add(id);
      this.streams = [...streams, ...this.streams];
      throw error;
    }
  }

  private changed(table: TableName): void {
    this.changes.bump(table);
  }
}
