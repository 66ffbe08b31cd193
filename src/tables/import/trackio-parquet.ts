import {cellText, isMissing} from "./cells.ts";
import type {ColumnTable} from "./columns.ts";
import type {TrackioConfig, TrackioLog, TrackioProject} from "./trackio.ts";

type Kind = "logs" | "systemLogs" | "configs";

/** What Trackio itself writes of a row; all other columns are values. */
const structural = new Set([
  "id",
  "run_id",
  "run_name",
  "timestamp",
  "step",
  "created_at",
  "log_id",
  "space_id"
]);

/** Which of Trackio's Parquet files it is, null for tables of others. */
export function trackioTable({columns}: ColumnTable): Kind | null {
  if (!columns.has("run_name") || columns.has("experiment")) return null;
  if (columns.has("timestamp") && columns.has("step")) return "logs";
  if (columns.has("timestamp")) return "systemLogs";
  return columns.has("created_at") ? "configs" : null;
}

/** `<project>.parquet`, `<project>_system.parquet` and `<project>_configs.parquet`, or `metrics.parquet` with `aux/` in a folder. */
function projectOf(file: string): string {
  const parts = file.split("/");
  const stem = (parts.pop() ?? "").replace(/\.[^.]+$/, "");
  if (parts.at(-1) === "aux") parts.pop();
  if (["metrics", "configs", "system_metrics"].includes(stem)) return parts.at(-1) ?? "trackio";
  return stem.replace(/_(system|configs)$/, "");
}

const text = (cell: unknown) => (isMissing(cell) ? null : cellText(cell));

function* rowsOf({columns, rows}: ColumnTable) {
  const cell = (name: string, row: number) => columns.get(name)?.[row];
  const names = [...columns.keys()].filter((name) => !structural.has(name));
  for (let row = 0; row < rows; row++) {
    const present = names
      .map((name) => [name, cell(name, row)] as const)
      .filter(([, value]) => value !== null && value !== undefined);
    yield {
      runId: text(cell("run_id", row)),
      runName: text(cell("run_name", row)) ?? "",
      timestamp: text(cell("timestamp", row)) ?? "",
      createdAt: text(cell("created_at", row)) ?? "",
      step: isMissing(cell("step", row)) ? null : Number(cell("step", row)),
      values: Object.fromEntries(present)
    };
  }
}

/** The projects that Parquet files of Trackio are of. */
export function readTrackioTables(found: readonly ColumnTable[]): TrackioProject[] {
  const projects = new Map<
    string,
    {logs: TrackioLog[]; systemLogs: TrackioLog[]; configs: TrackioConfig[]}
  >();
  for (const table of found) {
    const name = projectOf(table.file.name);
    const project = projects.get(name) ?? {logs: [], systemLogs: [], configs: []};
    projects.set(name, project);
    const kind = trackioTable(table);
    for (const row of rowsOf(table)) {
      if (kind === "configs") project.configs.push({...row, config: row.values});
      else project[kind === "systemLogs" ? "systemLogs" : "logs"].push(row);
    }
  }
  return Array.from(projects, ([name, project]) => ({
    ...project,
    name,
    notes: ["Trackio keeps no status: all runs are taken as completed."]
  }));
}
