import {encodeMetrics} from "../../../src/tables/encode.ts";
import {decodeRows, encodeRows} from "../../../src/tables/encode-rows.ts";
import type {Journal, JournalRecord} from "../../../src/tables/journal/types.ts";
import type {Row, TableName} from "../../../src/tables/schema.ts";

/** `rows` rows of some metrics of a run from `seq` on: the value says which run, metric and row it is of. */
export function metrics(
  runId: string,
  seq = 0,
  rows = 3,
  keys: readonly string[] = ["loss", "accuracy"]
): JournalRecord {
  const numbers = Float64Array.from({length: rows}, (_, i) => seq + i);
  const columns = Object.fromEntries(keys.map((key, k) => [key, numbers.map((n) => n + k / 16)]));
  const ipc = encodeMetrics({runId, seq, step: numbers, timeMs: numbers, columns});
  return {table: "metrics", ipc, runId, seq: [seq, seq + rows - 1]};
}

/** A record of a table's rows. */
export function rowsOf<T extends TableName>(table: T, ...rows: Row<T>[]): JournalRecord {
  return {table, ipc: encodeRows(table, rows)};
}

export function param(runId: string, key: string, value: string): JournalRecord {
  return rowsOf("params", {run_id: runId, key, value_str: value, value_num: null, value_type: "string"});
}

/** Everything in a journal: metrics as "run key step value" in alphabetical order, other tables as objects. */
export async function contents(
  journal: Journal
): Promise<{metrics: string[]; rows: Record<string, unknown[]>}> {
  const found = {metrics: [] as string[], rows: {} as Record<string, unknown[]>};
  for await (const {table, ipc} of journal.read()) {
    if (table === "metrics") found.metrics.push(...metricRows(ipc));
    else found.rows[table] = [...(found.rows[table] ?? []), ...decodeRows(table, ipc)];
  }
  found.metrics.sort();
  return found;
}

/** Rows of a stream of metrics as text. */
export function metricRows(ipc: Uint8Array): string[] {
  return decodeRows("metrics", ipc).map(
    ({run_id, key, step, value, seq}) => `${run_id} ${key} ${step} ${value} ${seq}`
  );
}

/** The rows that records of metrics hold, as `contents` gives them. */
export function metricsOf(...records: readonly JournalRecord[]): string[] {
  return records.flatMap(({ipc}) => metricRows(ipc)).sort();
}
