import type {Table} from "apache-arrow";
import {type Columns, type Row, type TableName, tables} from "../schema.ts";
import {ExportError} from "./export-error.ts";
import {MetricBatches} from "./metric-batches.ts";
import type {RunReader, StoredRun} from "./run-reader.ts";

/** What asks the store: the builtin `db`. */
export interface Queryable {
  query(sql: string, params?: readonly unknown[]): Promise<Table>;
}

/** A map as two lists and a time as a number: those come out of the database the same everywhere. */
function columnSql(table: TableName): string {
  return Object.entries(tables[table] as Columns)
    .map(([name, {type}]) => {
      if (type === "TIMESTAMP_MS") return `epoch_ms(${name})::DOUBLE AS ${name}`;
      if (type === "BIGINT") return `${name}::DOUBLE AS ${name}`;
      return type.startsWith("MAP")
        ? `map_keys(${name}) AS "${name} keys", map_values(${name}) AS "${name} values"`
        : `"${name}"`;
    })
    .join(", ");
}

const list = (value: unknown) => Array.from((value as Iterable<unknown>) ?? [], String);

function toRow<T extends TableName>(table: T, found: Record<string, unknown>): Row<T> {
  const entries = Object.entries(tables[table] as Columns).map(([name, {type}]) => {
    if (type.startsWith("MAP")) {
      const values = list(found[`${name} values`]);
      return [name, new Map(list(found[`${name} keys`]).map((key, i) => [key, values[i]]))];
    }
    const value = found[name] ?? null;
    return [name, type === "TIMESTAMP_MS" && value !== null ? new Date(Number(value)) : value];
  });
  return Object.fromEntries(entries) as Row<T>;
}

async function readAll<T extends TableName>(db: Queryable, table: T, order: string): Promise<Row<T>[]> {
  const found = await db.query(`SELECT ${columnSql(table)} FROM ${table} ORDER BY ${order}`);
  return Array.from(found, (row) => toRow(table, row as unknown as Record<string, unknown>));
}

/** The experiment of a run whose own row is not there. */
const unnamed = ({experiment_id, created_at}: Row<"runs">): Row<"experiments"> => ({
  experiment_id,
  name: experiment_id,
  created_at,
  lifecycle_stage: "active",
  tags: new Map()
});

/** By run, the names of its metrics and how many rows they have together. */
type Sizes = ReadonlyMap<string, {keys: string[]; rows: number}>;

async function readSizes(db: Queryable): Promise<Sizes> {
  const sizes = new Map<string, {keys: string[]; rows: number}>();
  const found = await db.query("SELECT run_id, key, n::DOUBLE AS n FROM latest_metrics ORDER BY run_id, key");
  const [run, key, n] = ["run_id", "key", "n"].map((name) => found.getChild(name));
  for (let i = 0; i < found.numRows; i++) {
    const size = sizes.get(run?.get(i)) ?? {keys: [], rows: 0};
    size.keys.push(key?.get(i));
    size.rows += n?.get(i);
    sizes.set(run?.get(i), size);
  }
  return sizes;
}

/** Reads runs of the store: these, or all that are not deleted. @throws ExportError when one is not there. */
export async function readStore(db: Queryable, runIds?: readonly string[]): Promise<RunReader> {
  const [experiments, runs, params, metricDefs, sizes] = await Promise.all([
    readAll(db, "experiments", "created_at, experiment_id"),
    readAll(db, "runs", "created_at, run_id"),
    readAll(db, "params", "run_id, rowid"),
    readAll(db, "metric_defs", "experiment_id, key"),
    readSizes(db)
  ]);
  const wanted = new Set(
    runIds ?? runs.filter((run) => run.lifecycle_stage === "active").map((run) => run.run_id)
  );
  const known = new Set(runs.map((run) => run.run_id));
  const missing = [...wanted].filter((id) => !known.has(id));
  if (missing.length > 0) {
    throw new ExportError(
      `there is no run ${missing.slice(0, 5).join(", ")}; the table runs has the ids that are there.`
    );
  }
  const byId = new Map(experiments.map((experiment) => [experiment.experiment_id, experiment]));
  const paramsOf = new Map<string, Row<"params">[]>();
  for (const param of params) {
    const own = paramsOf.get(param.run_id);
    if (own) own.push(param);
    else paramsOf.set(param.run_id, [param]);
  }
  const stored = runs
    .filter((run) => wanted.has(run.run_id))
    .map(
      (run): StoredRun => ({
        run,
        experiment: byId.get(run.experiment_id) ?? unnamed(run),
        params: paramsOf.get(run.run_id) ?? []
      })
    );
  const used = new Set(stored.map(({run}) => run.experiment_id));
  const list = stored.map(({run}) => ({runId: run.run_id, rows: sizes.get(run.run_id)?.rows ?? 0}));
  const metrics = new MetricBatches(db, list);
  return {
    runs: stored,
    metricDefs: metricDefs.filter(({experiment_id}) => used.has(experiment_id)),
    metrics: (runId) => metrics.of(runId),
    keys: (ids) => [...new Set(ids.flatMap((id) => sizes.get(id)?.keys ?? []))].sort()
  };
}
