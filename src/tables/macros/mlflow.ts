import type {Relation} from "./relation.ts";

const mlflowRuns: Relation = {
  name: "mlflow_runs",
  kind: "view",
  about: "The runs with MLflow's columns and words.",
  example: "SELECT run_uuid, status FROM mlflow_runs",
  reads: ["runs"],
  sql: `SELECT run_id AS run_uuid, name, 'LOCAL' AS source_type, notebook AS source_name, '' AS entry_point_name, '' AS user_id,
  mlflow_status AS status, epoch_ms(coalesce(start_time, created_at)) AS start_time, epoch_ms(end_time) AS end_time,
  '' AS source_version, lifecycle_stage, experiment_id
FROM runs`
};

const largest = "1.7976931348623157e308";

const mlflowMetrics: Relation = {
  name: "mlflow_metrics",
  kind: "view",
  about: "The metrics with MLflow's columns: NaN is 0 and marked, infinities are the largest double.",
  example: "SELECT * FROM mlflow_metrics WHERE is_nan",
  reads: ["metrics"],
  sql: `SELECT key, CASE WHEN isnan(value) THEN 0.0 WHEN isinf(value) THEN CASE WHEN value > 0 THEN ${largest} ELSE -${largest} END
  ELSE value END AS value, ts_ms AS timestamp, run_id AS run_uuid, step, isnan(value) AS is_nan
FROM metrics`
};

const mlflowParams: Relation = {
  name: "mlflow_params",
  kind: "view",
  about: "The parameters with MLflow's columns, all of them text.",
  example: "SELECT * FROM mlflow_params",
  reads: ["params"],
  sql: "SELECT key, value_str AS value, run_id AS run_uuid FROM params"
};

/** The store as MLflow's tables have it. */
export const mlflow: readonly Relation[] = [mlflowRuns, mlflowMetrics, mlflowParams];
