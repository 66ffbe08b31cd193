import type {SqliteFile, SqlValue} from "../sqlite.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {writeAheadNote} from "./mlflow.ts";
import type {TrackioLog, TrackioProject} from "./trackio.ts";

/** Whether the tables are those of a project of Trackio. */
export function isTrackio(database: SqliteFile): boolean {
  const columns = database.columns("metrics");
  return ["run_name", "timestamp", "step", "metrics"].every((name) => columns.includes(name));
}

/** Trackio writes JSON as text or, later, as bytes. */
function readJson(file: string, table: string, id: SqlValue, content: SqlValue): Record<string, unknown> {
  const text = content instanceof Uint8Array ? new TextDecoder().decode(content) : String(content);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ImportError(
    `${file}: the row ${String(id)} of ${table} holds ${text.slice(0, 40)}, and not a JSON object. A newer Trackio may write it in another way: export to Parquet there.`
  );
}

/** A project of Trackio from its SQLite file, `<project>.db`. */
export function readTrackioSqlite({name: file}: ImportFile, database: SqliteFile): TrackioProject {
  const logs = (table: string): TrackioLog[] => {
    const columns = database.columns(table);
    if (columns.length === 0) return [];
    const [runId, step] = ["run_id", "step"].map((name) => (columns.includes(name) ? name : "NULL"));
    const rows = database.rows(
      `SELECT id, ${runId}, run_name, timestamp, ${step}, metrics FROM ${table} ORDER BY id`
    );
    return Array.from(rows, ([id, run, name, timestamp, at, metrics]) => ({
      runId: run === null ? null : String(run),
      runName: String(name),
      timestamp: String(timestamp),
      step: at === null ? null : Number(at),
      values: readJson(file, table, id, metrics)
    }));
  };
  const configColumns = database.columns("configs");
  const runId = configColumns.includes("run_id") ? "run_id" : "NULL";
  const configs =
    configColumns.length === 0
      ? []
      : Array.from(
          database.rows(`SELECT id, ${runId}, run_name, created_at, config FROM configs ORDER BY id`),
          ([id, run, name, createdAt, config]) => ({
            runId: run === null ? null : String(run),
            runName: String(name),
            createdAt: String(createdAt),
            config: readJson(file, "configs", id, config)
          })
        );
  const columns = database.columns("metrics");
  const [named] = columns.includes("project_name")
    ? [...database.rows("SELECT max(project_name) FROM metrics")]
    : [];
  return {
    name: named?.[0] ? String(named[0]) : file.replace(/^.*[/\\]/, "").replace(/\.(db|sqlite3?)$/i, ""),
    logs: logs("metrics"),
    systemLogs: logs("system_metrics"),
    configs,
    notes: [
      "Trackio keeps no status: all runs are taken as completed.",
      ...(database.writeAhead ? [writeAheadNote(file)] : [])
    ]
  };
}
