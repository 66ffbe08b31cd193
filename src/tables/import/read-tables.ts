import type {ImportedRows} from "../import-types.ts";
import type {ColumnTable} from "./columns.ts";
import {asImported, type OwnTable, ownTable} from "./own-tables.ts";
import {readMetricTable, type TableOptions} from "./table-rows.ts";
import {trackioRows} from "./trackio.ts";
import {readTrackioTables, trackioTable} from "./trackio-parquet.ts";

/** What has to be there before what. */
const order: readonly OwnTable[] = ["experiments", "runs", "params", "metric_defs"];

/** The rows of tables in files: this store's own, Trackio's, or any with runs and metrics. */
export function* readTables(
  source: string,
  found: readonly ColumnTable[],
  options: TableOptions
): Generator<ImportedRows> {
  const own = new Map<OwnTable, ColumnTable[]>();
  const trackio: ColumnTable[] = [];
  const metrics: ColumnTable[] = [];
  for (const table of found) {
    const name = ownTable(table);
    if (name) own.set(name, [...(own.get(name) ?? []), table]);
    else if (source === "parquet" && !options.columns && trackioTable(table)) trackio.push(table);
    else metrics.push(table);
  }
  const known = new Set<string>();
  for (const name of order) {
    for (const table of own.get(name) ?? []) {
      const rows = asImported(name, table);
      for (const run of rows.runs ?? []) known.add(run.run_id);
      yield rows;
    }
  }
  for (const project of readTrackioTables(trackio)) yield* trackioRows(project);
  for (const table of metrics) yield* readMetricTable(table, source, options, known);
}
