import type {ImportedRows} from "../import-types.ts";
import type {ParamRow} from "../schema.ts";
import type {SqliteFile, SqlValue} from "../sqlite.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {MetricColumns} from "./metric-columns.ts";
import {artifactUriTag, fromMlflow, mlflowStatus, ownIdTag, parentTag, runNameTag} from "./mlflow-values.ts";
import {describeText} from "./param-text.ts";
import {experimentRow, type ImportedRun, runRow, statusOfMlflow} from "./run-row.ts";

/** What is read of MLflow's tables, and the columns that older versions lack with what stands for them. */
const needed: Record<string, readonly string[]> = {
  experiments: ["experiment_id", "name"],
  runs: ["run_uuid", "experiment_id", "status", "start_time", "end_time"],
  metrics: ["run_uuid", "key", "value", "timestamp"],
  params: ["run_uuid", "key", "value"],
  tags: ["run_uuid", "key", "value"]
};

/** Whether the tables are those of a tracking store of MLflow. */
export function isMlflow(tables: readonly string[]): boolean {
  return ["experiments", "runs", "metrics", "params", "tags"].every((name) => tables.includes(name));
}

function checkColumns(file: string, database: SqliteFile): void {
  for (const [table, names] of Object.entries(needed)) {
    const found = database.columns(table);
    const missing = names.filter((name) => !found.includes(name));
    if (missing.length === 0) continue;
    throw new ImportError(
      `${file}: the table ${table} has no column ${missing.join(", ")}. MLflow's has ${names.join(", ")}; this one has ${found.join(", ")}.`
    );
  }
}

/** Key and value pairs of a table, by owner. */
function pairs(database: SqliteFile, table: string, owner: string): Map<string, [string, string][]> {
  const result = new Map<string, [string, string][]>();
  if (!database.tables().includes(table)) return result;
  for (const [id, key, value] of database.rows(`SELECT ${owner}, key, value FROM ${table} ORDER BY rowid`)) {
    const list = result.get(String(id));
    const pair: [string, string] = [String(key), value === null ? "" : String(value)];
    if (list) list.push(pair);
    else result.set(String(id), [pair]);
  }
  return result;
}

function countOf(database: SqliteFile, table: string): number {
  const [[rows]] = database.rows(`SELECT count(*) FROM ${table}`);
  return Number(rows);
}

const ms = (value: SqlValue) => (value === null ? null : Number(value));

/** The rows of a tracking store of MLflow in a SQLite file (`mlflow.db`), of any version from 1.0 on. */
export function* readMlflow({name: file}: ImportFile, database: SqliteFile): Generator<ImportedRows> {
  checkColumns(file, database);
  const has = (table: string, column: string) => database.columns(table).includes(column);
  const orNull = (table: string, column: string) => (has(table, column) ? column : "NULL");
  const notes: string[] = [];

  const experimentTags = pairs(database, "experiment_tags", "experiment_id");
  const experiments = new Map<string, ReturnType<typeof experimentRow>>();
  const experimentColumns = `experiment_id, name, ${orNull("experiments", "lifecycle_stage")}, ${orNull("experiments", "creation_time")}`;
  for (const [id, name, stage, createdAt] of database.rows(`SELECT ${experimentColumns} FROM experiments`)) {
    const tags = new Map(experimentTags.get(String(id)));
    const lifecycle = stage === "deleted" ? "deleted" : "active";
    experiments.set(String(id), experimentRow("mlflow", String(name), ms(createdAt) ?? 0, tags, lifecycle));
  }

  const params = pairs(database, "params", "run_uuid");
  const tags = pairs(database, "tags", "run_uuid");
  const lastSteps = new Map<string, number>();
  if (has("metrics", "step")) {
    for (const [id, step] of database.rows("SELECT run_uuid, max(step) FROM metrics GROUP BY run_uuid")) {
      lastSteps.set(String(id), Number(step));
    }
  }
  const runs: ImportedRun[] = [];
  const runIds = new Map<string, string>();
  const runColumns = `run_uuid, experiment_id, status, start_time, end_time, ${["name", "lifecycle_stage", "artifact_uri"].map((column) => orNull("runs", column)).join(", ")}`;
  let unfinished = 0;
  for (const row of database.rows(`SELECT ${runColumns} FROM runs ORDER BY start_time, run_uuid`)) {
    const [id, experiment, word, start, end, name, stage, artifactUri] = row;
    const uuid = String(id);
    const status = mlflowStatus(word);
    if (!status) {
      throw new ImportError(
        `${file}: the run ${uuid} has the status ${String(word)}. MLflow's are SCHEDULED, RUNNING, FINISHED, FAILED and KILLED.`
      );
    }
    if (statusOfMlflow[status] === "interrupted") unfinished++;
    const experimentId = experiments.get(String(experiment))?.experiment_id;
    if (!experimentId)
      throw new ImportError(
        `${file}: the run ${uuid} is of the experiment ${String(experiment)}, which is not there.`
      );
    const runTags = new Map(tags.get(uuid));
    const runId = runTags.get(ownIdTag) ?? uuid;
    runIds.set(uuid, runId);
    if (artifactUri) runTags.set(artifactUriTag, String(artifactUri));
    runs.push({
      runId,
      experimentId,
      name: String(name ?? runTags.get(runNameTag) ?? uuid),
      source: "mlflow",
      status: statusOfMlflow[status],
      mlflowStatus: status,
      startTime: ms(start),
      endTime: ms(end),
      lastStep: lastSteps.get(uuid) ?? null,
      params: (params.get(uuid) ?? []).map(
        ([key, text]): ParamRow => ({run_id: runId, key, ...describeText(text)})
      ),
      tags: runTags,
      parentRunId: runTags.get(parentTag) ?? null,
      lifecycleStage: stage === "deleted" ? "deleted" : "active"
    });
  }
  for (const run of runs) run.parentRunId = runIds.get(run.parentRunId ?? "") ?? run.parentRunId;
  if (unfinished > 0) notes.push(`${unfinished} runs had not ended in MLflow; here they are interrupted.`);
  if (database.writeAhead) notes.push(writeAheadNote(file));
  yield {
    // MLflow always has an experiment 0, used or not.
    experiments: [...experiments]
      .filter(([id, row]) => id !== "0" || runs.some((run) => run.experimentId === row.experiment_id))
      .map(([, row]) => row),
    runs: runs.map(runRow),
    params: runs.flatMap((run) => run.params),
    expectedRows: countOf(database, "metrics"),
    notes
  };
  yield* readMetrics(database, runIds, has);
}

/** What to say of a database that may have rows outside its file. */
export function writeAheadNote(file: string): string {
  return `${file} is in write-ahead mode: rows that are still in ${file}-wal were not read. Close the program that writes it, then import again.`;
}

function* readMetrics(
  database: SqliteFile,
  runIds: ReadonlyMap<string, string>,
  has: (table: string, column: string) => boolean
): Generator<ImportedRows> {
  const [step, isNan] = ["step", "is_nan"].map((column) => (has("metrics", column) ? column : "0"));
  const sql = `SELECT run_uuid, key, ${step}, timestamp, value, ${isNan} FROM metrics ORDER BY run_uuid, rowid`;
  let columns = new MetricColumns("");
  let orphans = 0;
  for (const [id, key, at, timestamp, value, nan] of database.rows(sql)) {
    const runId = runIds.get(String(id));
    if (runId === undefined) {
      orphans++;
      continue;
    }
    if (columns.length > 0 && (columns.runId !== runId || columns.full)) yield {metrics: [columns.take()]};
    if (columns.runId !== runId) columns = new MetricColumns(runId);
    columns.add(String(key), Number(at), Number(timestamp), fromMlflow(Number(value), Number(nan) === 1));
  }
  if (columns.length > 0) yield {metrics: [columns.take()]};
  if (orphans > 0)
    yield {notes: [`${orphans} rows of metrics are of runs that are not there, and were left out.`]};
}
