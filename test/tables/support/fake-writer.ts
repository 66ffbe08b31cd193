import {decodeRows} from "../../../src/tables/encode-rows.ts";
import type {JournalRecord} from "../../../src/tables/journal/types.ts";
import type {RunWriter} from "../../../src/tables/run-writer-types.ts";
import type {TableName} from "../../../src/tables/schema.ts";
import type {MetricBatch} from "../../../src/tables/types.ts";

/** Rows of the metric `loss` of a run. */
export function batch(runId: string, seq: number, values = [seq]): MetricBatch {
  const step = Float64Array.from(values, (_, i) => seq + i);
  return {runId, seq, step, timeMs: step, columns: {loss: Float64Array.from(values)}};
}

/** Takes in rows as a database would, and says what it has. */
export class FakeWriter implements RunWriter {
  readonly rows = new Map<TableName, Record<string, unknown>[]>();
  failure: Error | null = null;
  /** Whether the tables are missing. */
  isTorn = false;
  async load(table: TableName, ipc: Uint8Array) {
    this.rows.set(table, [...(this.rows.get(table) ?? []), ...decodeRows(table, ipc)]);
  }
  async loaded() {}
  async write(records: readonly JournalRecord[]) {
    if (this.failure) throw this.failure;
    for (const {table, ipc} of records) await this.load(table, ipc);
  }
  async deleteRuns(runIds: readonly string[]) {
    for (const [table, rows] of this.rows) {
      this.rows.set(
        table,
        rows.filter(({run_id}) => !runIds.includes(String(run_id)))
      );
    }
  }
  async clear() {
    this.rows.clear();
  }
  async mend() {
    if (!this.isTorn) return false;
    this.rows.clear();
    this.isTorn = false;
    this.failure = null;
    return true;
  }
  values(table: TableName, column: string) {
    return this.rows.get(table)?.map((row) => row[column]) ?? [];
  }
}
