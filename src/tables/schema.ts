import {runStatuses} from "./types.ts";

/** What a column holds: its DuckDB type, whether NULL may stand in it, and what it means. */
export interface Column {
  readonly type: "VARCHAR" | "DOUBLE" | "BIGINT" | "INTEGER" | "TIMESTAMP_MS" | "MAP(VARCHAR, VARCHAR)";
  readonly nullable?: true;
  /** The table's rows are told apart by its key columns: a later row replaces an earlier one. */
  readonly key?: true;
  /** The only values allowed. Not an ENUM: DuckDB-WASM streams those without their words. */
  readonly oneOf?: readonly string[];
  /** What it means, with its unit. */
  readonly about: string;
}

export type Columns = Readonly<Record<string, Column>>;

interface TypeOf {
  VARCHAR: string;
  DOUBLE: number;
  BIGINT: number;
  INTEGER: number;
  TIMESTAMP_MS: Date;
  "MAP(VARCHAR, VARCHAR)": ReadonlyMap<string, string>;
}

/** A row of a table, derived from its description. */
type RowOf<T extends Columns> = {
  -readonly [K in keyof T]:
    | (T[K] extends {oneOf: readonly (infer Word)[]} ? Word : TypeOf[T[K]["type"]])
    | (T[K]["nullable"] extends true ? null : never);
};

/** MLflow's words for what became of a run, for tools that know those. */
const mlflowWords = ["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"] as const;

const stages = ["active", "deleted"] as const;

const experiments = {
  experiment_id: {type: "VARCHAR", key: true, about: "names the experiment in every table"},
  name: {type: "VARCHAR", about: "the option `experiment` of train(), else the notebook's name"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC"},
  lifecycle_stage: {type: "VARCHAR", oneOf: stages, about: "active or deleted"},
  tags: {type: "MAP(VARCHAR, VARCHAR)", about: "free words by name"}
} as const satisfies Columns;

const runs = {
  run_id: {type: "VARCHAR", key: true, about: "names the run in every table"},
  experiment_id: {type: "VARCHAR", about: "experiments.experiment_id"},
  parent_run_id: {type: "VARCHAR", nullable: true, about: "the run that this one is a part of"},
  name: {type: "VARCHAR", about: "the name given to train()"},
  notebook: {type: "VARCHAR", about: "the notebook it was started in, empty outside one"},
  cell_id: {type: "INTEGER", nullable: true, about: "the cell that called train()"},
  cell_exec_id: {
    type: "VARCHAR",
    nullable: true,
    about: "cell_execs.cell_exec_id: the evaluation that called train()"
  },
  status: {type: "VARCHAR", oneOf: runStatuses, about: "how far it is or how it ended"},
  mlflow_status: {type: "VARCHAR", oneOf: mlflowWords, about: "the same in MLflow's words"},
  attempt: {type: "INTEGER", about: "1, and one more each time it was started again from a checkpoint"},
  seed: {type: "BIGINT", nullable: true, about: "seed of its random key"},
  backend: {type: "VARCHAR", nullable: true, about: "webgpu, wasm or cpu"},
  adapter: {type: "VARCHAR", nullable: true, about: "what the backend runs on"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC"},
  start_time: {type: "TIMESTAMP_MS", nullable: true, about: "UTC, when its first step began"},
  end_time: {type: "TIMESTAMP_MS", nullable: true, about: "UTC"},
  last_step: {type: "BIGINT", nullable: true, about: "the last step that yielded a row"},
  error: {type: "VARCHAR", nullable: true, about: "message of the error that ended it"},
  code: {type: "VARCHAR", about: "source of the training function"},
  fingerprint: {type: "VARCHAR", about: "SHA-256 (hex) over code, params, seed, data, backend and versions"},
  data_hash: {type: "VARCHAR", about: "SHA-256 of the data it read, empty when it was given none"},
  versions: {type: "MAP(VARCHAR, VARCHAR)", about: "library versions by name"},
  config: {type: "VARCHAR", about: "the parameters as given, as JSON; params has them one by one"},
  source: {
    type: "VARCHAR",
    about: "petri, or where it was imported from: mlflow, trackio, tensorboard, optuna, csv ..."
  },
  tab: {type: "VARCHAR", nullable: true, about: "the browser tab that ran it"},
  lifecycle_stage: {type: "VARCHAR", oneOf: stages, about: "active or deleted"},
  tags: {type: "MAP(VARCHAR, VARCHAR)", about: "free words by name"}
} as const satisfies Columns;

const params = {
  run_id: {type: "VARCHAR", key: true, about: "runs.run_id"},
  key: {type: "VARCHAR", key: true, about: "the parameter's name; of a nested one the path, with dots"},
  value_str: {type: "VARCHAR", about: "the value as text"},
  value_num: {type: "DOUBLE", nullable: true, about: "the value of a number, 0 or 1 for a boolean"},
  value_type: {type: "VARCHAR", about: "number, bigint, boolean, string, date, null or json"}
} as const satisfies Columns;

const metrics = {
  run_id: {type: "VARCHAR", about: "runs.run_id"},
  key: {type: "VARCHAR", about: "the metric's name"},
  step: {type: "BIGINT", about: "the step the run yielded it at"},
  ts_ms: {type: "BIGINT", about: "milliseconds since the epoch, UTC"},
  value: {type: "DOUBLE", about: "the value; NaN and infinities as they are"},
  seq: {type: "BIGINT", about: "number of the yielded row in its run, from 0"}
} as const satisfies Columns;

const metricDefs = {
  experiment_id: {type: "VARCHAR", key: true, about: "experiments.experiment_id"},
  key: {type: "VARCHAR", key: true, about: "metrics.key"},
  unit: {type: "VARCHAR", nullable: true, about: "e.g. ms, %"},
  goal: {type: "VARCHAR", nullable: true, oneOf: ["minimize", "maximize"], about: "which direction is good"},
  summary: {
    type: "VARCHAR",
    nullable: true,
    oneOf: ["last", "min", "max", "best"],
    about: "the value that stands for a run"
  },
  step_key: {
    type: "VARCHAR",
    nullable: true,
    about: "the metric that this one is drawn over, in the place of step"
  }
} as const satisfies Columns;

const latestMetrics = {
  run_id: {type: "VARCHAR", key: true, about: "runs.run_id"},
  key: {type: "VARCHAR", key: true, about: "metrics.key"},
  value: {type: "DOUBLE", about: "the value at the last step"},
  step: {type: "BIGINT", about: "the last step"},
  ts_ms: {type: "BIGINT", about: "when the last step's value came, milliseconds since the epoch, UTC"},
  seq: {type: "BIGINT", about: "metrics.seq of the value"},
  min_value: {type: "DOUBLE", nullable: true, about: "the least value, NULL when all are NaN"},
  min_step: {type: "BIGINT", nullable: true, about: "the first step with the least value"},
  max_value: {type: "DOUBLE", nullable: true, about: "the greatest value, NULL when all are NaN"},
  max_step: {type: "BIGINT", nullable: true, about: "the first step with the greatest value"},
  n: {type: "BIGINT", about: "how many values there are"}
} as const satisfies Columns;

const artifacts = {
  artifact_id: {type: "VARCHAR", key: true, about: "names the artifact in every version"},
  version: {type: "INTEGER", key: true, about: "from 1"},
  name: {type: "VARCHAR", about: "e.g. weights"},
  type: {type: "VARCHAR", about: "checkpoint, rows, file ..."},
  sha256: {type: "VARCHAR", about: "SHA-256 (hex) of the content, and its name in the store"},
  size_bytes: {type: "BIGINT", about: "size of the content"},
  uri: {type: "VARCHAR", nullable: true, about: "where the content is when it is not in the store"},
  manifest: {type: "VARCHAR", nullable: true, about: "what is in it, as JSON"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC"}
} as const satisfies Columns;

const artifactLinks = {
  run_id: {type: "VARCHAR", nullable: true, about: "runs.run_id"},
  cell_exec_id: {type: "VARCHAR", nullable: true, about: "cell_execs.cell_exec_id"},
  artifact_id: {type: "VARCHAR", about: "artifacts.artifact_id"},
  version: {type: "INTEGER", about: "artifacts.version"},
  direction: {type: "VARCHAR", oneOf: ["input", "output"], about: "whether it was read or made"}
} as const satisfies Columns;

const cells = {
  notebook: {type: "VARCHAR", key: true, about: "the notebook's name"},
  cell_id: {type: "INTEGER", key: true, about: "the cell's id in its notebook"},
  rev: {type: "INTEGER", key: true, about: "revision of the cell's source, from 1"},
  kind: {type: "VARCHAR", about: "js, sql, md ..."},
  source: {type: "VARCHAR", about: "the cell's text"},
  source_sha256: {type: "VARCHAR", about: "SHA-256 (hex) of the text"},
  position: {type: "DOUBLE", about: "place in the notebook, from 0"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC, when it first ran"}
} as const satisfies Columns;

const cellExecs = {
  cell_exec_id: {type: "VARCHAR", key: true, about: "names the evaluation"},
  notebook: {type: "VARCHAR", about: "cells.notebook"},
  cell_id: {type: "INTEGER", about: "cells.cell_id"},
  rev: {type: "INTEGER", about: "cells.rev"},
  cache_key: {type: "VARCHAR", about: "SHA-256 (hex) over normalised source and what it read"},
  status: {
    type: "VARCHAR",
    oneOf: ["running", "done", "cached", "error", "stopped", "superseded"],
    about: "how it ended"
  },
  started_at: {type: "TIMESTAMP_MS", about: "UTC"},
  ended_at: {type: "TIMESTAMP_MS", nullable: true, about: "UTC"},
  result_kind: {type: "VARCHAR", nullable: true, about: "kind of the value, e.g. number, table, run"},
  result_ref: {type: "VARCHAR", nullable: true, about: "runs.run_id where the value is a run"},
  result_sha256: {type: "VARCHAR", nullable: true, about: "SHA-256 (hex) of the value where it is small"},
  row_count: {type: "BIGINT", nullable: true, about: "rows of the value where it is a table"},
  error: {type: "VARCHAR", nullable: true, about: "message of the error that ended it"}
} as const satisfies Columns;

const cellEdges = {
  cell_exec_id: {type: "VARCHAR", about: "the evaluation that read"},
  upstream_exec_id: {
    type: "VARCHAR",
    nullable: true,
    about: "the evaluation that was read, NULL for a table"
  },
  name: {type: "VARCHAR", about: "the name that was read"},
  upstream_sha256: {type: "VARCHAR", nullable: true, about: "SHA-256 (hex) of the value where it is small"},
  value: {type: "VARCHAR", nullable: true, about: "the value as JSON where it is small"}
} as const satisfies Columns;

const claims = {
  claim_id: {type: "VARCHAR", key: true, about: "names the claim"},
  system_id: {type: "VARCHAR", nullable: true, about: "systems.id"},
  notebook: {type: "VARCHAR", about: "where it is checked"},
  cell_exec_id: {type: "VARCHAR", nullable: true, about: "the evaluation that checked it"},
  statement: {type: "VARCHAR", about: "what the paper says"},
  metric: {type: "VARCHAR", nullable: true, about: "what was measured"},
  expected: {type: "DOUBLE", nullable: true, about: "the paper's value"},
  measured: {type: "DOUBLE", nullable: true, about: "ours, mean over seeds"},
  low: {type: "DOUBLE", nullable: true, about: "lower end of the 95 % interval over seeds"},
  high: {type: "DOUBLE", nullable: true, about: "upper end of the interval"},
  seeds: {type: "INTEGER", nullable: true, about: "how many seeds"},
  verdict: {type: "VARCHAR", about: "what was found, e.g. holds"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC"}
} as const satisfies Columns;

const systems = {
  id: {type: "VARCHAR", key: true, about: "the catalogue's id"},
  family: {type: "VARCHAR", about: "pruning, moe, kan or forward-forward"},
  title: {type: "VARCHAR", about: "the paper's title"},
  export: {type: "VARCHAR", about: "the name to import"},
  notebook: {type: "VARCHAR", about: "the notebook that shows it, empty without one"},
  test: {type: "VARCHAR", about: "the test that checks it"},
  verdict: {type: "VARCHAR", about: "from the recorded claim, empty until there is one"}
} as const satisfies Columns;

/** The tables of the experiment store, by name. Long and narrow, so that every experiment fits. */
export const tables = {
  experiments,
  runs,
  params,
  metrics,
  metric_defs: metricDefs,
  latest_metrics: latestMetrics,
  artifacts,
  artifact_links: artifactLinks,
  cells,
  cell_execs: cellExecs,
  cell_edges: cellEdges,
  claims,
  systems
} as const;

export type TableName = keyof typeof tables;

/** A row of the table of that name. */
export type Row<T extends TableName> = RowOf<(typeof tables)[T]>;
export type RunRow = Row<"runs">;
export type ParamRow = Row<"params">;

/** Carried by every Arrow batch, so that a later reader knows which description it was written under. */
export const schemaVersion = 2;
