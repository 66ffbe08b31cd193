import {artifactUriTag} from "../import/mlflow-values.ts";
import {SqliteFile, type SqlValue} from "../sqlite.ts";
import {type MlflowMetric, mlflowId, mlflowMetrics, mlflowTags} from "./mlflow-run.ts";
import {mlflowSchema} from "./mlflow-schema.ts";
import {experimentsOf, type RunReader, type StoredRun} from "./run-reader.ts";

const ms = (date: Date | null) => (date === null ? null : Number(date));

/** MLflow's experiment that is always there has the number 0 and this name. */
const defaultName = "Default";

/** Two experiments of one name, from different trackers, are told apart by their ids. */
function experimentNames(reader: RunReader): Map<string, {number: number; name: string}> {
  const names = new Set<string>();
  let next = 1;
  return new Map(
    experimentsOf(reader).map(({experiment_id, name}) => {
      const free = names.has(name) ? `${name} (${experiment_id})` : name;
      names.add(free);
      return [experiment_id, {number: free === defaultName ? 0 : next++, name: free}];
    })
  );
}

const isLater = (a: MlflowMetric, b: MlflowMetric) =>
  a.step !== b.step
    ? a.step > b.step
    : a.timestamp !== b.timestamp
      ? a.timestamp > b.timestamp
      : a.value > b.value;

/** The row that MLflow shows of each metric: the one of the last step. */
function latest(metrics: readonly MlflowMetric[]): MlflowMetric[] {
  const byKey = new Map<string, MlflowMetric>();
  for (const metric of metrics) {
    const known = byKey.get(metric.key);
    if (!known || isLater(metric, known)) byKey.set(metric.key, metric);
  }
  return [...byKey.values()];
}

function runRow({run}: StoredRun, experiment: number): SqlValue[] {
  const id = mlflowId(run.run_id);
  const start = ms(run.start_time) ?? Number(run.created_at);
  const uri = run.tags.get(artifactUriTag) ?? `./mlruns/${experiment}/${id}/artifacts`;
  const deleted = run.lifecycle_stage === "deleted" ? (ms(run.end_time) ?? start) : null;
  return [
    id,
    run.name,
    "NOTEBOOK",
    run.notebook,
    "",
    "",
    run.mlflow_status,
    start,
    ms(run.end_time),
    "",
    run.lifecycle_stage,
    uri,
    experiment,
    deleted
  ];
}

const runColumns = [
  "run_uuid",
  "name",
  "source_type",
  "source_name",
  "entry_point_name",
  "user_id",
  "status",
  "start_time",
  "end_time",
  "source_version",
  "lifecycle_stage",
  "artifact_uri",
  "experiment_id",
  "deleted_time"
];
const metricColumns = ["run_uuid", "key", "value", "timestamp", "step", "is_nan"];

/**
 * A tracking store of MLflow in a SQLite file. `mlflow db upgrade sqlite:///mlflow.db` brings it to the version that is
 * installed, then `mlflow server --backend-store-uri sqlite:///mlflow.db` shows it.
 */
export async function mlflowFile(reader: RunReader): Promise<File> {
  const database = await SqliteFile.open();
  try {
    database.run(mlflowSchema);
    const experiments = experimentNames(reader);
    const numberOf = (id: string) => experiments.get(id)?.number ?? 0;
    const rows = experimentsOf(reader).map(({experiment_id, created_at, lifecycle_stage}) => {
      const {number, name} = experiments.get(experiment_id) ?? {number: 0, name: defaultName};
      return [number, name, `./mlruns/${number}`, lifecycle_stage, ms(created_at), ms(created_at)];
    });
    if (!rows.some(([number]) => number === 0)) rows.unshift([0, defaultName, "./mlruns/0", "active", 0, 0]);
    const experimentColumns = [
      "experiment_id",
      "name",
      "artifact_location",
      "lifecycle_stage",
      "creation_time",
      "last_update_time"
    ];
    database.insert("experiments", experimentColumns, rows);
    const experimentTags = experimentsOf(reader).flatMap(({experiment_id, tags}) =>
      Array.from(tags, ([key, value]) => [key, value, numberOf(experiment_id)])
    );
    database.insert("experiment_tags", ["key", "value", "experiment_id"], experimentTags);
    database.insert(
      "runs",
      runColumns,
      reader.runs.map((stored) => runRow(stored, numberOf(stored.run.experiment_id)))
    );
    for (const stored of reader.runs) {
      const id = mlflowId(stored.run.run_id);
      database.insert(
        "params",
        ["key", "value", "run_uuid"],
        stored.params.map(({key, value_str}) => [key, value_str, id])
      );
      database.insert(
        "tags",
        ["key", "value", "run_uuid"],
        Array.from(mlflowTags(stored), ([key, value]) => [key, value, id]).filter(
          ([key]) => key !== artifactUriTag
        )
      );
      const metrics = mlflowMetrics(await reader.metrics(stored.run.run_id));
      const toRow = ({key, value, timestamp, step, isNan}: MlflowMetric) => [
        id,
        key,
        value,
        timestamp,
        step,
        Number(isNan)
      ];
      database.insert("metrics", metricColumns, metrics.map(toRow));
      database.insert("latest_metrics", metricColumns, latest(metrics).map(toRow));
    }
    return new File([database.toBytes() as Uint8Array<ArrayBuffer>], "mlflow.db", {
      type: "application/vnd.sqlite3"
    });
  } finally {
    database.close();
  }
}
