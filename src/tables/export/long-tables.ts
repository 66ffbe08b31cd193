import {type Columns, type Row, type TableName, tables} from "../schema.ts";
import type {DataColumn, DataTable} from "./data-table.ts";
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

function dataTable<T extends TableName>(table: T, rows: readonly Row<T>[]): DataTable {
  const columns = Object.entries(tables[table] as Columns).map(([name, {type}]) =>
    column(
      name,
      type,
      rows.map((row) => (row as Record<string, unknown>)[name])
    )
  );
  return {name: table, columns};
}

/** The tables of the store as they are, of these runs: `importRuns` reads them back with nothing lost. */
export async function longTables(reader: RunReader): Promise<DataTable[]> {
  const run: string[] = [];
  const key: string[] = [];
  const [step, timeMs, value]: number[][] = [[], [], []];
  for (const {
    run: {run_id}
  } of reader.runs) {
    const metrics = await reader.metrics(run_id);
    for (let i = 0; i < metrics.key.length; i++) {
      run.push(run_id);
      key.push(metrics.key[i]);
      step.push(metrics.step[i]);
      timeMs.push(metrics.timeMs[i]);
      value.push(metrics.value[i]);
    }
  }
  return [
    dataTable("experiments", experimentsOf(reader)),
    dataTable(
      "runs",
      reader.runs.map(({run}) => run)
    ),
    dataTable(
      "params",
      reader.runs.flatMap(({params}) => params)
    ),
    dataTable("metric_defs", reader.metricDefs),
    {
      name: "metrics",
      columns: [
        {name: "run_id", type: "text", values: run},
        {name: "key", type: "text", values: key},
        {name: "step", type: "integer", values: step},
        {name: "ts_ms", type: "integer", values: timeMs},
        {name: "value", type: "number", values: value}
      ]
    }
  ];
}
