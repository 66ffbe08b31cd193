import {runStatuses} from "./types.ts";

/** What a column holds: its DuckDB type, whether NULL may stand in it, and what it means. */
interface Column {
  readonly type: "VARCHAR" | "DOUBLE" | "BIGINT" | "INTEGER" | "TIMESTAMP_MS" | "MAP(VARCHAR, VARCHAR)";
  readonly nullable?: true;
  readonly key?: true;
  /** The only values allowed. Not an ENUM: DuckDB-WASM streams those without their words. */
  readonly oneOf?: readonly string[];
  /** What it means, with its unit. */
  readonly about: string;
}

type Columns = Readonly<Record<string, Column>>;

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
  [K in keyof T]:
    | (T[K] extends {oneOf: readonly (infer Word)[]} ? Word : TypeOf[T[K]["type"]])
    | (T[K]["nullable"] extends true ? null : never);
};

const runs = {
  run_id: {type: "VARCHAR", key: true, about: "names the run in every table"},
  name: {type: "VARCHAR", about: "the name given to train()"},
  notebook: {type: "VARCHAR", about: "the notebook it was started in, empty outside one"},
  cell_id: {type: "INTEGER", nullable: true, about: "the cell that called train()"},
  status: {type: "VARCHAR", oneOf: runStatuses, about: "how far it is or how it ended"},
  seed: {type: "BIGINT", nullable: true, about: "seed of its random key"},
  backend: {type: "VARCHAR", nullable: true, about: "webgpu, wasm or cpu"},
  adapter: {type: "VARCHAR", nullable: true, about: "what the backend runs on"},
  created_at: {type: "TIMESTAMP_MS", about: "UTC"},
  start_time: {type: "TIMESTAMP_MS", nullable: true, about: "UTC, when its first step began"},
  end_time: {type: "TIMESTAMP_MS", nullable: true, about: "UTC"},
  last_step: {type: "BIGINT", nullable: true, about: "the last step that yielded a row"},
  error: {type: "VARCHAR", nullable: true, about: "message of the error that ended it"},
  code: {type: "VARCHAR", about: "source of the training function"},
  fingerprint: {type: "VARCHAR", about: "SHA-256 over code, params, seed, data and versions"},
  data_hash: {type: "VARCHAR", about: "SHA-256 of the data it read, empty when it was given none"},
  versions: {type: "MAP(VARCHAR, VARCHAR)", about: "library versions by name"}
} as const satisfies Columns;

const params = {
  run_id: {type: "VARCHAR", about: "runs.run_id"},
  key: {type: "VARCHAR", about: "the parameter's name; of a nested one the path, with dots"},
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

export type RunRow = RowOf<typeof runs>;
export type ParamRow = RowOf<typeof params>;

/** The tables of the experiment store. Long and narrow, so that every experiment fits. */
export const tables = {runs, params, metrics} as const;

export type TableName = keyof typeof tables;

/** Carried by every Arrow batch, so that a later reader knows which description it was written under. */
export const schemaVersion = 1;

/** Views over the tables, by name, with the tables that feed them. */
export const views: Record<string, {sources: readonly TableName[]; query: string}> = {
  latest_metrics: {
    sources: ["metrics"],
    query: `SELECT run_id, key, arg_max(value, (step, ts_ms, seq)) AS value, max(step) AS step, max(ts_ms) AS ts_ms,
  min(value) FILTER (NOT isnan(value)) AS min_value, max(value) FILTER (NOT isnan(value)) AS max_value,
  count(*) AS n FROM metrics GROUP BY run_id, key`
  }
};

function createColumn([name, {type, nullable, key, oneOf}]: [string, Column]): string {
  const check = oneOf ? ` CHECK (${name} IN (${oneOf.map((word) => `'${word}'`).join(", ")}))` : "";
  return `  ${name} ${type}${key ? " PRIMARY KEY" : nullable ? "" : " NOT NULL"}${check}`;
}

function createTable(name: string, columns: Columns): string {
  return `CREATE TABLE ${name} (\n${Object.entries(columns).map(createColumn).join(",\n")}\n)`;
}

/** The statements that make an empty store, in order. */
export function createStatements(): string[] {
  return [
    ...Object.entries(tables).map(([name, columns]) => createTable(name, columns)),
    ...Object.entries(views).map(([name, {query}]) => `CREATE VIEW ${name} AS ${query}`)
  ];
}

/** Names an SQL cell can read without anybody having defined them. */
export const tableNames: readonly string[] = [...Object.keys(tables), ...Object.keys(views)];
