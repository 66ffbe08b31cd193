import {paramValue} from "../import/param-text.ts";
import type {DataColumn, DataTable} from "./data-table.ts";
import {type RunReader, rowsByStep, type StoredRun} from "./run-reader.ts";

const systemPrefix = "sys/";

/** Trackio's projects are files, so their names have letters, digits, dashes and underscores only. */
export function projectName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_-]/gu, "") || "default";
}

const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "000+00:00");

type Cell = string | number | boolean | null;

/** Rows with any names as columns, which are text when one of their cells is. */
function tableOf(
  name: string,
  rows: readonly ReadonlyMap<string, Cell>[],
  integers: ReadonlySet<string>
): DataTable {
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const columns = names.map((column): DataColumn => {
    const cells = rows.map((row) => row.get(column) ?? null);
    const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
    if (kinds.size > 1 || kinds.has("string")) {
      return {name: column, type: "text", values: cells.map((cell) => (cell === null ? null : String(cell)))};
    }
    if (kinds.has("boolean")) return {name: column, type: "boolean", values: cells as (boolean | null)[]};
    return {
      name: column,
      type: integers.has(column) ? "integer" : "number",
      values: cells as (number | null)[]
    };
  });
  return {name, columns};
}

const integers = new Set(["id", "step"]);

async function projectTables(
  project: string,
  runs: readonly StoredRun[],
  reader: RunReader
): Promise<DataTable[]> {
  const logs: Map<string, Cell>[] = [];
  const systemLogs: Map<string, Cell>[] = [];
  for (const {run} of runs) {
    const metrics = await reader.metrics(run.run_id);
    const identity = [
      ["run_id", run.run_id],
      ["run_name", run.name]
    ] as const;
    for (const {step, timeMs, at} of rowsByStep(metrics)) {
      const values = [...at].map(([key, i]) => [key, metrics.value[i]] as const);
      const system = values.filter(([key]) => key.startsWith(systemPrefix));
      const own = values.filter(([key]) => !key.startsWith(systemPrefix));
      const stamp = ["timestamp", iso(timeMs)] as const;
      if (own.length > 0)
        logs.push(
          new Map<string, Cell>([["id", logs.length + 1], stamp, ...identity, ["step", step], ...own])
        );
      if (system.length > 0) {
        const bare = system.map(([key, value]) => [key.slice(systemPrefix.length), value] as const);
        systemLogs.push(new Map<string, Cell>([["id", systemLogs.length + 1], stamp, ...identity, ...bare]));
      }
    }
  }
  const configs = runs.map(({run, params}, i) => {
    const values = params.map((param): [string, Cell] => {
      const value = paramValue(param);
      return [param.key, typeof value === "number" || typeof value === "boolean" ? value : param.value_str];
    });
    const created = iso(Number(run.start_time ?? run.created_at));
    return new Map<string, Cell>([
      ["id", i + 1],
      ["run_id", run.run_id],
      ["run_name", run.name],
      ["created_at", created],
      ...values
    ]);
  });
  return [
    tableOf(project, logs, integers),
    tableOf(`${project}_configs`, configs, integers),
    tableOf(`${project}_system`, systemLogs, integers)
  ].filter(({columns}) => columns.length > 0);
}

/** The Parquet files that Trackio itself writes of a project: metrics, configurations, system metrics. An experiment is a project. */
export async function trackioTables(reader: RunReader): Promise<DataTable[]> {
  const projects = new Map<string, StoredRun[]>();
  for (const stored of reader.runs) {
    const name = projectName(stored.experiment.name);
    projects.set(name, [...(projects.get(name) ?? []), stored]);
  }
  const found = [];
  for (const [name, runs] of projects) found.push(...(await projectTables(name, runs, reader)));
  return found;
}
