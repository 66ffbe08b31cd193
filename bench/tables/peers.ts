import type {MetricBatch} from "../../src/tables/types.ts";

/** A statement for DuckDB, sent as text. */
export type Execute = (sql: string) => Promise<unknown>;

/** What most pages do with DuckDB-WASM: rows as literals in INSERT statements, one a batch. */
export async function insertValues(execute: Execute, batches: readonly MetricBatch[]): Promise<void> {
  await execute(
    "CREATE TABLE peer (run_id VARCHAR, key VARCHAR, step BIGINT, ts_ms BIGINT, value DOUBLE, seq BIGINT)"
  );
  for (const {runId, seq, step, timeMs, columns} of batches) {
    const rows: string[] = [];
    for (let i = 0; i < step.length; i++) {
      for (const [key, values] of Object.entries(columns)) {
        rows.push(`('${runId}', '${key}', ${step[i]}, ${timeMs[i]}, ${values[i]}, ${seq + i})`);
      }
    }
    await execute(`INSERT INTO peer VALUES ${rows.join(", ")}`);
  }
  await execute("DROP TABLE peer");
}
