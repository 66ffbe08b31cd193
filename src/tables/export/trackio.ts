import {paramValue} from "../import/param-text.ts";
import {type DataColumn, TableFile, writeTable} from "./data-table.ts";
import {type RunReader, rowsByStep, type StoredRun} from "./run-reader.ts";

const systemPrefix = "sys/";

/** Trackio's projects are files, so their names have letters, digits, dashes and underscores only. */
export function projectName(name: string): string {
  return name.replace(/[^\p{L}\p{N}_-]/gu, "") || "default";
}

const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "000+00:00");

type Cell = string | number | boolean | null;

/** Rows with any names as columns, which are text when one of their cells is. */
function columnsOf(rows: readonly ReadonlyMap<string, Cell>[]): DataColumn[] {
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  return names.map((name): DataColumn => {
    const cells = rows.map((row) => row.get(name) ?? null);
    const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
    if (kinds.size > 1 || kinds.has("string")) {
      return {name, type: "text", values: cells.map((cell) => (cell === null ? null : String(cell)))};
    }
    if (kinds.has("boolean")) return {name, type: "boolean", values: cells as (boolean | null)[]};
    return {name, type: name === "id" ? "integer" : "number", values: cells as (number | null)[]};
  });
}

const text = (name: string) => ({name, type: "text"}) as const;
const integer = (name: string) => ({name, type: "integer"}) as const;
const numbers = (names: readonly string[]) => names.map((name) => ({name, type: "number"}) as const);

/** The metrics of a project, and those that are of the system. */
async function logFiles(project: string, runs: readonly StoredRun[], reader: RunReader): Promise<File[]> {
  const keys = reader.keys(runs.map(({run}) => run.run_id));
  const own = keys.filter((key) => !key.startsWith(systemPrefix));
  const system = keys.filter((key) => key.startsWith(systemPrefix));
  const identity = [integer("id"), text("timestamp"), text("run_id"), text("run_name")];
  const bare = system.map((key) => key.slice(systemPrefix.length));
  const logs = await TableFile.open(project, [...identity, integer("step"), ...numbers(own)], "parquet");
  const systemLogs = await TableFile.open(`${project}_system`, [...identity, ...numbers(bare)], "parquet");
  for (const {run} of runs) {
    const metrics = await reader.metrics(run.run_id);
    for (const {step, timeMs, at} of rowsByStep(metrics)) {
      const values = (names: readonly string[]) =>
        names.map((name) => {
          const i = at.get(name);
          return i === undefined ? null : metrics.value[i];
        });
      const said = [iso(timeMs), run.run_id, run.name];
      if (own.some((key) => at.has(key))) logs.push([logs.length + 1, ...said, step, ...values(own)]);
      if (system.some((key) => at.has(key)))
        systemLogs.push([systemLogs.length + 1, ...said, ...values(system)]);
    }
  }
  return [logs, systemLogs].filter(({length}) => length > 0).map((file) => file.finish());
}

function configRow({run, params}: StoredRun, i: number): Map<string, Cell> {
  const values = params.map((param): [string, Cell] => {
    const value = paramValue(param);
    return [param.key, typeof value === "number" || typeof value === "boolean" ? value : param.value_str];
  });
  return new Map<string, Cell>([
    ["id", i + 1],
    ["run_id", run.run_id],
    ["run_name", run.name],
    ["created_at", iso(Number(run.start_time ?? run.created_at))],
    ...values
  ]);
}

/** The Parquet files that Trackio itself writes of a project: metrics, system metrics, configurations. An experiment is a project. */
export async function trackioFiles(reader: RunReader): Promise<File[]> {
  const projects = new Map<string, StoredRun[]>();
  for (const stored of reader.runs) {
    const name = projectName(stored.experiment.name);
    projects.set(name, [...(projects.get(name) ?? []), stored]);
  }
  const files: File[] = [];
  for (const [name, runs] of projects) {
    files.push(...(await logFiles(name, runs, reader)));
    files.push(await writeTable(`${name}_configs`, columnsOf(runs.map(configRow)), "parquet"));
  }
  return files;
}
