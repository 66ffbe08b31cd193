import type {Table} from "apache-arrow";
import {choiceError} from "./choice-error.ts";
import type {DuckDBClient} from "./client.ts";
import {chosenRuns, type RunChoice} from "./curve-runs.ts";
import {ident, SqlFragment} from "./sql-text.ts";

/** Which of a metric's values a column has. */
export type MetricValue = "last" | "best" | "min" | "max";

export interface RunsQuery extends RunChoice {
  /** Names of metrics; all that the runs have when null. */
  metrics: readonly string[] | null;
  /** Milliseconds since the epoch: until then a run that is going on has taken. */
  now: number;
}

/** What a column of the table of runs stands for. */
export type RunsColumn =
  | {name: string; of: "run"}
  /** `differs` when not all of the runs have the same value. */
  | {name: string; of: "param"; key: string; differs: boolean}
  /** `isSummary` for the value that stands for a run by what is declared of the metric. */
  | {name: string; of: "metric"; key: string; value: MetricValue; isSummary: boolean; unit: string | null};

export interface RunsTable {
  /** One row a run, newest first; its columns are `columns` in order, then `run_id`, `n` and others. */
  table: Table;
  columns: readonly RunsColumn[];
  /** How many runs the choice has, with those over the limit. */
  total: number;
}

interface ParamKey {
  key: string;
  is_number: boolean;
  differs: boolean;
}

interface MetricKey {
  key: string;
  goal: string | null;
  declared: boolean;
  unit: string | null;
  summary: MetricValue | null;
}

const join = (parts: readonly SqlFragment[], between: string) =>
  parts.length
    ? new SqlFragment(["", ...parts.slice(1).map(() => between), ""], parts)
    : new SqlFragment([""], []);

/** Columns of the runs themselves, in SQL over `c` (the run) and `e` (its experiment). */
const runColumns = {
  run: "c.name",
  status: "c.status",
  experiment: "e.name",
  notebook: "c.notebook",
  started: "coalesce(c.start_time, c.created_at)",
  seed: "c.seed",
  step: "c.last_step",
  backend: "c.backend",
  source: "c.source",
  error: "c.error",
  tags: "CASE WHEN cardinality(c.tags) > 0 THEN CAST(c.tags AS VARCHAR) END",
  run_id: "c.run_id"
} as const;

/**
 * The runs of a choice with their parameters and metrics beside each other, all from small tables: what is asked of
 * metrics stands in `latest_metrics`, kept as rows come. @throws what `db.sql` does.
 */
export async function readRunsTable(db: DuckDBClient, query: RunsQuery): Promise<RunsTable> {
  const choose = (columns: string) => db.fragment`SELECT ${new SqlFragment([columns], [])}
    FROM (${chosenRuns(db, query)}) ORDER BY created_at DESC, run_id DESC LIMIT ${query.limit}`;
  const chosen = choose("run_id, experiment_id");
  const [params, metrics] = await Promise.all([
    paramKeys(db, chosen),
    metricKeys(db, chosen, query.metrics)
  ]).catch(async (error) => {
    throw await choiceError(db, query.where, error);
  });
  const columns: RunsColumn[] = [];
  const selected: SqlFragment[] = [];
  const taken = new Set<string>();
  const add = (column: RunsColumn, sql: SqlFragment) => {
    const name = taken.has(column.name) ? `${column.name} (${column.of})` : column.name;
    taken.add(name);
    columns.push({...column, name});
    selected.push(db.fragment`${sql} AS ${ident(name)}`);
  };
  const ofRun = (name: keyof typeof runColumns) =>
    add({name, of: "run"}, new SqlFragment([runColumns[name]], []));
  ofRun("run");
  ofRun("status");
  params.forEach(({key, differs}, i) => {
    add({name: key, of: "param", key, differs}, ident("p", `p${i}`));
  });
  metrics.forEach(({key, goal, declared, unit, summary}, i) => {
    const value = (value: MetricValue, name: string, column: string) => {
      const stands = value === (summary ?? "last") || (value === "best" && declared);
      add({name, of: "metric", key, value, isSummary: stands, unit}, ident("m", `${column}${i}`));
    };
    value("last", key, "last");
    if (goal) value("best", `best ${key}`, goal === "minimize" ? "least" : "most");
    value("min", `min ${key}`, "least");
    value("max", `max ${key}`, "most");
  });
  const rest = [
    "started",
    "seed",
    "step",
    "experiment",
    "notebook",
    "backend",
    "source",
    "tags",
    "error",
    "run_id"
  ] as const;
  ofRun(rest[0]);
  add(
    {name: "duration", of: "run"},
    db.fragment`(epoch_ms(coalesce(c.end_time, CASE WHEN c.status = 'running' THEN ${new Date(query.now)} END))
      - epoch_ms(c.start_time))::DOUBLE`
  );
  for (const name of rest.slice(1)) ofRun(name);
  const table = await db.sql`WITH chosen AS (${choose("*, count(*) OVER () AS total")}),
    p AS (SELECT run_id ${pivot(db, params, paramPick)} FROM params
      WHERE run_id IN (SELECT run_id FROM chosen) GROUP BY run_id),
    m AS (SELECT run_id ${pivot(db, metrics, metricPick)}, sum(n) AS n FROM latest_metrics
      WHERE run_id IN (SELECT run_id FROM chosen) GROUP BY run_id)
    SELECT ${join(selected, ", ")}, c.total::DOUBLE AS "total runs", coalesce(m.n, 0)::DOUBLE AS "metric rows"
    FROM chosen c LEFT JOIN p ON p.run_id = c.run_id LEFT JOIN m ON m.run_id = c.run_id
      LEFT JOIN experiments e ON e.experiment_id = c.experiment_id
    ORDER BY c.created_at DESC, c.run_id DESC`;
  return {table, columns, total: table.numRows ? Number(table.getChild("total runs")?.get(0)) : 0};
}

/** A value from the row of each key, one column a key. There is one row; max of a CASE is twice as fast as a FILTER. */
function pivot<K extends {key: string}>(
  db: DuckDBClient,
  keys: readonly K[],
  pick: (db: DuckDBClient, key: K, i: number) => SqlFragment[]
): SqlFragment {
  const picks = keys.flatMap((key, i) => pick(db, key, i).map((column) => db.fragment`, ${column}`));
  return join(picks, "");
}

function paramPick(db: DuckDBClient, {key, is_number}: ParamKey, i: number): SqlFragment[] {
  const value = ident(is_number ? "value_num" : "value_str");
  return [db.fragment`max(CASE WHEN key = ${key} THEN ${value} END) AS ${ident(`p${i}`)}`];
}

function metricPick(db: DuckDBClient, {key}: MetricKey, i: number): SqlFragment[] {
  const column = (from: string, to: string) =>
    db.fragment`max(CASE WHEN key = ${key} THEN ${ident(from)} END) AS ${ident(`${to}${i}`)}`;
  return [column("value", "last"), column("min_value", "least"), column("max_value", "most")];
}

async function paramKeys(db: DuckDBClient, chosen: SqlFragment): Promise<ParamKey[]> {
  const keys = await db.sql`WITH chosen AS (${chosen})
    SELECT key, bool_and(value_type IN ('number', 'null')) AND bool_or(value_type = 'number') AS is_number,
      count(DISTINCT value_str) > 1 OR count(*) < (SELECT count(*) FROM chosen) AS differs
    FROM params WHERE run_id IN (SELECT run_id FROM chosen) GROUP BY key ORDER BY key`;
  return [...keys] as unknown as ParamKey[];
}

async function metricKeys(
  db: DuckDBClient,
  chosen: SqlFragment,
  wanted: readonly string[] | null
): Promise<MetricKey[]> {
  const named = wanted ? db.fragment`AND list_contains(${wanted}::VARCHAR[], l.key)` : db.fragment``;
  const found = await db.sql`WITH chosen AS (${chosen})
    SELECT l.key, coalesce(max(d.goal), metric_goal(l.key)) AS goal, max(d.goal) IS NOT NULL AS declared,
      max(d.unit) AS unit, max(d.summary) AS summary
    FROM (SELECT key, experiment_id, count(*) AS n FROM latest_metrics JOIN chosen USING (run_id)
      GROUP BY key, experiment_id) l
    LEFT JOIN metric_defs d ON d.key = l.key AND d.experiment_id = l.experiment_id
    WHERE TRUE ${named} GROUP BY l.key ORDER BY sum(l.n) DESC, l.key`;
  const keys = [...found] as unknown as MetricKey[];
  return wanted ? wanted.flatMap((key) => keys.filter((found) => found.key === key)) : keys;
}

/**
 * The course of a metric in each of the runs, in at most twice so many values: of each stretch of steps the least and
 * the greatest finite one, so that no spike is lost. NaN where a stretch has no finite value.
 */
export async function readCourses(
  db: DuckDBClient,
  key: string,
  runIds: readonly string[],
  stretches: number
): Promise<Map<string, Float64Array>> {
  const table = await db.sql`
    WITH wanted AS (SELECT unnest(${runIds}::VARCHAR[]) AS run_id),
    spans AS (SELECT run_id, step AS last FROM latest_metrics JOIN wanted USING (run_id) WHERE key = ${key}),
    parts AS (
      SELECT m.run_id, (m.step * ${stretches}) // (s.last + 1) AS part,
        coalesce(min(m.value) FILTER (WHERE isfinite(m.value)), 'nan') AS low,
        coalesce(max(m.value) FILTER (WHERE isfinite(m.value)), 'nan') AS high
      FROM metrics m JOIN spans s ON s.run_id = m.run_id WHERE m.key = ${key} GROUP BY ALL)
    SELECT run_id, list(low ORDER BY part) AS low, list(high ORDER BY part) AS high FROM parts GROUP BY run_id`;
  const courses = new Map<string, Float64Array>();
  const [ids, lows, highs] = ["run_id", "low", "high"].map((name) => table.getChild(name));
  for (let row = 0; row < table.numRows; row++)
    courses.set(ids?.get(row), between(lows?.get(row).toArray(), highs?.get(row).toArray()));
  return courses;
}

/** Least and greatest of each stretch in turn; once where they are the same. */
function between(low: Float64Array, high: Float64Array): Float64Array {
  return Float64Array.from(Array.from(low).flatMap((x, i) => (Object.is(x, high[i]) ? [x] : [x, high[i]])));
}
