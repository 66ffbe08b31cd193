import {type Row, type TableName, tables} from "../schema.ts";
import {RowMerger} from "./merge-rows.ts";
import type {Snapshot} from "./snapshot.ts";

/** The tables that are merged row by row. */
export type SmallTable = Exclude<TableName, "metrics" | "latest_metrics">;

/** All rows of a small table, those of deleted runs left out, and those that are not kept. */
export async function mergeTable(
  snapshot: Snapshot,
  table: SmallTable,
  isKept: (row: Row<TableName>) => boolean = () => true
): Promise<RowMerger> {
  const merger = new RowMerger(table);
  const hasRuns = "run_id" in tables[table] && snapshot.hasDeletions;
  for (const record of snapshot.records()) {
    if (record.table !== table) continue;
    const content = await snapshot.content(record);
    if (!content) continue;
    const isDeleted = (row: object) => {
      const {run_id} = row as {run_id?: string | null};
      return hasRuns && typeof run_id === "string" && snapshot.isDeleted(run_id, record);
    };
    merger.add(content, (row) => isKept(row) && !isDeleted(row));
  }
  return merger;
}
