import type {Table} from "apache-arrow";
import type {StoredMetrics} from "./run-reader.ts";
import type {Queryable} from "./store-reader.ts";

/** Rows that are asked for at once: a question costs as much as some thousand of them. */
const rowsPerQuery = 100_000;

const none: StoredMetrics = {
  key: [],
  step: new Float64Array(),
  timeMs: new Float64Array(),
  value: new Float64Array()
};

/**
 * Reads the metrics of runs, several runs at a time where they are short. What was read ahead is kept until it is asked
 * for, so that whoever goes through the runs in about their order has few rows in memory.
 */
export class MetricBatches {
  private readonly db: Queryable;
  private readonly batchOf = new Map<string, readonly string[]>();
  private readonly ahead = new Map<string, StoredMetrics>();

  /** `rows`: about how many a run has. */
  constructor(db: Queryable, runs: readonly {runId: string; rows: number}[]) {
    this.db = db;
    let batch: string[] = [];
    let sum = 0;
    for (const {runId, rows} of runs) {
      if (sum + rows > rowsPerQuery) [batch, sum] = [[], 0];
      batch.push(runId);
      sum += rows;
      this.batchOf.set(runId, batch);
    }
  }

  /** The metrics of a run in the order they were recorded. */
  async of(runId: string): Promise<StoredMetrics> {
    if (!this.ahead.has(runId)) await this.read(this.batchOf.get(runId) ?? [runId]);
    const found = this.ahead.get(runId) ?? none;
    this.ahead.delete(runId);
    return found;
  }

  private async read(runIds: readonly string[]): Promise<void> {
    const sql = `SELECT run_id, key, step::DOUBLE AS step, ts_ms::DOUBLE AS ts_ms, value FROM metrics
      WHERE run_id IN (${runIds.map(() => "?").join(", ")}) ORDER BY run_id, seq, rowid`;
    const table = await this.db.query(sql, runIds);
    const numbers = (name: string) => Float64Array.from(table.getChild(name) ?? [], Number);
    const [key, step, timeMs, value] = [
      words(table, "key"),
      numbers("step"),
      numbers("ts_ms"),
      numbers("value")
    ];
    const run = words(table, "run_id");
    for (const runId of runIds) this.ahead.set(runId, none);
    for (let from = 0, to = 0; from < run.length; from = to) {
      while (to < run.length && run[to] === run[from]) to++;
      this.ahead.set(run[from], {
        key: key.slice(from, to),
        step: step.subarray(from, to),
        timeMs: timeMs.subarray(from, to),
        value: value.subarray(from, to)
      });
    }
  }
}

const words = (table: Table, name: string): string[] => Array.from(table.getChild(name) ?? [], String);
