import {type Columns, type Row, type TableName, tables} from "../schema.ts";
import {type DataColumn, TableFile, type TableFormat, writeTable} from "./data-table.ts";
import {experimentsOf, type RunReader} from "./run-reader.ts";

function column(name: string, type: Columns[string]["type"], cells: readonly unknown[]): DataColumn {
  switch (type) {
    case "VARCHAR":
      return {name, type: "text", values: cells as (string | null)[]};
    case "MAP(VARCHAR, VARCHAR)":
      return {
        name,
        type: "text",
        values: cells.map((cell) => JSON.stringify(Object.fromEntries(cell as Map<string, string>)))
      };
    case "TIMESTAMP_MS":
      return {name, type: "time", values: cells.map((cell) => (cell === null ? null : Number(cell)))};
    case "DOUBLE":
      return {name, type: "number", values: cells as (number | null)[]};
    default:
      return {name, type: "integer", values: cells as (number | null)[]};
  }
}

function columnsOf<T extends TableName>(table: T, rows: readonly Row<T>[]): DataColumn[] {
  return Object.entries(tables[table] as Columns).map(([name, {type}]) =>
    column(
      name,
      type,
      rows.map((row) => (row as Record<string, unknown>)[name])
    )
  );
}

async function metricsFile(reader: RunReader, format: TableFormat): Promise<File> {
  const runIds = reader.runs.map(({run}) => run.run_id);
  const columns = [
    {name: "run_id", type: "text", words: runIds},
    {name: "key", type: "text", words: reader.keys(runIds)},
    {name: "step", type: "integer"},
    {name: "ts_ms", type: "integer"},
    {name: "value", type: "number"}
  ] as const;
  const file = await TableFile.open("metrics", columns, format);
  for (const runId of runIds) {
    const {key, step, timeMs, value} = await reader.metrics(runId);
    for (let i = 0; i < key.length; i++) file.push([runId, key[i], step[i], timeMs[i], value[i]]);
  }
  return file.finish();
}

/** The tables of the store as they are, of these runs: `importRuns` reads them back with nothing lost. */
export async function longTables(reader: RunReader, format: TableFormat): Promise<File[]> {
  const write = <T extends TableName>(table: T, rows: readonly Row<T>[]) =>
    writeTable(table, columnsOf(table, rows), format);
  return [
    await write("experiments", experimentsOf(reader)),
    await write(
      "runs",
      reader.runs.map(({run}) => run)
    ),
    await write(
      "params",
      reader.runs.flatMap(({params}) => params)
    ),
    await write("metric_defs", reader.metricDefs),
    await metricsFile(reader, format)
  ];
}
