import type {ImportedRows} from "../import-types.ts";
import {toJSON} from "../parameters.ts";
import type {ParamRow, Row} from "../schema.ts";
import type {SqliteFile, SqlValue} from "../sqlite.ts";
import type {ImportFile} from "./files.ts";
import {ImportError} from "./import-error.ts";
import {MetricColumns} from "./metric-columns.ts";
import {writeAheadNote} from "./mlflow.ts";
import {optunaParam} from "./optuna-distribution.ts";
import {experimentRow, type ImportedRun, runRow} from "./run-row.ts";
import {stableId} from "./stable-id.ts";
import {parseTime} from "./times.ts";

const needed: Record<string, readonly string[]> = {
  studies: ["study_id", "study_name"],
  trials: ["trial_id", "study_id", "number", "state", "datetime_start", "datetime_complete"],
  trial_params: ["trial_id", "param_name", "param_value", "distribution_json"],
  trial_values: ["trial_id", "objective", "value"],
  study_directions: ["study_id", "objective", "direction"],
  trial_intermediate_values: ["trial_id", "step", "intermediate_value"]
};

/** Whether the tables are those of Optuna's RDBStorage. */
export function isOptuna(tables: readonly string[]): boolean {
  return ["studies", "trials", "trial_params", "trial_values"].every((name) => tables.includes(name));
}

type Statuses = Pick<ImportedRun, "status" | "mlflowStatus">;

/** Our words for the state of a trial. A pruned one was stopped on purpose. */
const statuses: Record<string, Statuses> = {
  COMPLETE: {status: "completed", mlflowStatus: "FINISHED"},
  PRUNED: {status: "cancelled", mlflowStatus: "KILLED"},
  FAIL: {status: "failed", mlflowStatus: "FAILED"},
  RUNNING: {status: "interrupted", mlflowStatus: "RUNNING"},
  WAITING: {status: "interrupted", mlflowStatus: "SCHEDULED"}
};

/** What a trial reported on its way, beside `value`, which it ended with. */
export const intermediateKey = "intermediate_value";

const unstored: Record<string, number> = {
  INF_POS: Number.POSITIVE_INFINITY,
  INF_NEG: Number.NEGATIVE_INFINITY,
  NAN: Number.NaN
};

/** Optuna keeps what SQL databases have no number for as a word beside NULL. */
function storedValue(value: SqlValue, type: SqlValue): number {
  return unstored[String(type)] ?? (value === null ? Number.NaN : Number(value));
}

const text = (json: SqlValue) => {
  const value: unknown = JSON.parse(String(json ?? "null"));
  return typeof value === "string" ? value : toJSON(value);
};

interface Trial {
  id: number;
  run: ImportedRun;
  metrics: MetricColumns;
}

/** Reads the studies of one database. */
class OptunaReader {
  private readonly file: string;
  private readonly database: SqliteFile;

  constructor(file: string, database: SqliteFile) {
    this.file = file;
    this.database = database;
    for (const [table, names] of Object.entries(needed)) {
      const missing = names.filter((name) => !this.has(table, name));
      if (missing.length > 0) {
        const found = database.columns(table).join(", ") || "none";
        throw new ImportError(
          `${file}: the table ${table} has no column ${missing.join(", ")}; it has ${found}. ` +
            "Expected Optuna 2.4 or later: `optuna storage upgrade` brings an older one there."
        );
      }
    }
  }

  *read(): Generator<ImportedRows> {
    const {database, file} = this;
    const notes = ["Optuna keeps times without a zone: they are taken as UTC."];
    if (database.writeAhead) notes.push(writeAheadNote(file));
    for (const [id, name] of [
      ...database.rows("SELECT study_id, study_name FROM studies ORDER BY study_id")
    ]) {
      yield* this.readStudy(Number(id), String(name), notes.splice(0));
    }
  }

  private has(table: string, column: string): boolean {
    return this.database.columns(table).includes(column);
  }

  private attributes(table: string, owner: string, id: number, prefix: string): [string, string][] {
    if (!this.database.tables().includes(table)) return [];
    const rows = this.database.rows(
      `SELECT key, value_json FROM ${table} WHERE ${owner} = ? ORDER BY rowid`,
      [id]
    );
    return Array.from(rows, ([key, json]) => [prefix + String(key), text(json)]);
  }

  /** Direction by objective: since 2.4 in a table of their own, before that on the study. */
  private directions(study: number): string[] {
    const rows = this.database.tables().includes("study_directions")
      ? this.database.rows("SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", [
          study
        ])
      : this.database.rows("SELECT direction FROM studies WHERE study_id = ?", [study]);
    return Array.from(rows, ([direction]) => String(direction));
  }

  private *readStudy(study: number, name: string, notes: string[]): Generator<ImportedRows> {
    const directions = this.directions(study);
    const system = new Map(this.attributes("study_system_attributes", "study_id", study, ""));
    const names: unknown = JSON.parse(system.get("study:metric_names") ?? "null");
    const keyOf = (objective: number) =>
      Array.isArray(names)
        ? String(names[objective])
        : directions.length > 1
          ? `value_${objective}`
          : "value";
    const trials = this.trials(study, name);
    for (const trial of trials) this.addValues(trial, keyOf);
    const runs = trials.map(({run}) => run);
    const experiment = experimentRow(
      "optuna",
      name,
      runs.reduce((least, {startTime}) => Math.min(least, startTime ?? least), Date.now()),
      new Map(this.attributes("study_user_attributes", "study_id", study, ""))
    );
    const goal = (objective: number, key: string): Row<"metric_defs"> => ({
      experiment_id: experiment.experiment_id,
      key,
      unit: null,
      goal:
        directions[objective] === "MAXIMIZE"
          ? "maximize"
          : directions[objective] === "MINIMIZE"
            ? "minimize"
            : null,
      summary: "last",
      step_key: null
    });
    const metricDefs = directions.map((_, objective) => goal(objective, keyOf(objective)));
    if (directions.length === 1) metricDefs.push(goal(0, intermediateKey));
    yield {
      experiments: [experiment],
      runs: runs.map(runRow),
      params: runs.flatMap(({params}) => params),
      metricDefs,
      notes
    };
    for (const {metrics} of trials) if (metrics.length > 0) yield {metrics: [metrics.take()]};
  }

  private trials(study: number, name: string): Trial[] {
    const columns = "trial_id, number, state, datetime_start, datetime_complete";
    const rows = this.database.rows(`SELECT ${columns} FROM trials WHERE study_id = ? ORDER BY number`, [
      study
    ]);
    return Array.from(rows, ([id, number, state, start, end]) => {
      const status = statuses[String(state)];
      if (!status) {
        throw new ImportError(
          `${this.file}: the trial ${Number(number)} of ${name} has the state ${String(state)}. Optuna's are ${Object.keys(statuses).join(", ")}.`
        );
      }
      const runId = stableId("optuna", name, Number(number), String(start));
      const {params, tags} = this.params(Number(id), runId);
      const run: ImportedRun = {
        ...status,
        runId,
        experimentId: `optuna:${name}`,
        name: `trial ${Number(number)}`,
        source: "optuna",
        startTime: start === null ? null : parseTime(String(start)),
        endTime: end === null ? null : parseTime(String(end)),
        lastStep: null,
        params,
        tags: new Map([
          ...this.attributes("trial_user_attributes", "trial_id", Number(id), ""),
          ["optuna.state", String(state)],
          ["optuna.number", String(number)],
          ...tags
        ])
      };
      return {id: Number(id), run, metrics: new MetricColumns(runId)};
    });
  }

  private params(trial: number, runId: string): {params: ParamRow[]; tags: [string, string][]} {
    const rows = this.database.rows(
      "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = ? ORDER BY param_id",
      [trial]
    );
    const params: ParamRow[] = [];
    const tags: [string, string][] = [];
    for (const [name, value, json] of rows) {
      const where = `${this.file}: the parameter ${String(name)} of the trial ${trial}`;
      params.push({run_id: runId, key: String(name), ...optunaParam(where, Number(value), String(json))});
      tags.push([`optuna.distribution.${String(name)}`, String(json)]);
    }
    return {params, tags};
  }

  private addValues({id, run, metrics}: Trial, keyOf: (objective: number) => string): void {
    const time = run.endTime ?? run.startTime ?? 0;
    const [intermediateType, type] = [
      ["trial_intermediate_values", "intermediate_value_type"],
      ["trial_values", "value_type"]
    ].map(([table, column]) => (this.has(table, column) ? column : "NULL"));
    const steps = `SELECT step, intermediate_value, ${intermediateType} FROM trial_intermediate_values WHERE trial_id = ? ORDER BY step`;
    for (const [step, value, kind] of this.database.rows(steps, [id])) {
      run.lastStep = Number(step);
      metrics.add(intermediateKey, Number(step), time, storedValue(value, kind));
    }
    const values = `SELECT objective, value, ${type} FROM trial_values WHERE trial_id = ? ORDER BY objective`;
    for (const [objective, value, kind] of this.database.rows(values, [id])) {
      run.lastStep ??= 0;
      metrics.add(keyOf(Number(objective)), run.lastStep, time, storedValue(value, kind));
    }
  }
}

/** The rows of a database of Optuna: a study is an experiment, a trial a run. */
export function readOptuna({name}: ImportFile, database: SqliteFile): Generator<ImportedRows> {
  return new OptunaReader(name, database).read();
}
