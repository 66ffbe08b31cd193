import type {Table} from "apache-arrow";
import {choiceError} from "./choice-error.ts";
import type {DuckDBClient} from "./client.ts";
import {scalarNames} from "./macros.ts";
import {type SqlFragment, sqlTemplate} from "./sql-text.ts";

/** Which runs: by id, or by a condition on the columns of `runs` and on `params`, a MAP of their parameters' texts. */
export interface RunChoice {
  ids?: readonly string[];
  where?: SqlFragment;
  /** Only those that this notebook started. */
  notebook?: string;
  /** The newest of them, at most. */
  limit: number;
}

/** What a chart says of a run. */
export interface CurveRun {
  runId: string;
  name: string;
  status: string;
  /** Milliseconds since the epoch, when its first step began, or else when it was made. */
  startMs: number;
  seed: number | null;
  /** Equal for runs of one experiment with equal code and data. */
  task: string;
  params: ReadonlyMap<string, {text: string; number: number | null}>;
  metrics: ReadonlyMap<string, CurveExtent>;
}

/** How far a metric of a run goes. */
export interface CurveExtent {
  rows: number;
  seq: number;
  lastStep: number;
  lastMs: number;
  low: number | null;
  high: number | null;
}

/** What is declared of a metric: what it is drawn over, and its unit. */
export interface CurveMetric {
  stepKey: string | null;
  unit: string | null;
}

export interface CurveRuns {
  /** Oldest first; by id, in the order they were asked for. */
  runs: CurveRun[];
  /** How many runs the choice has, with those over the limit. */
  total: number;
  metrics: ReadonlyMap<string, CurveMetric>;
}

/**
 * The runs of a choice with their parameters and the extents of their metrics, all from small tables.
 * @throws what `db.sql` does; of a condition that is none, with what to write instead.
 */
export async function readCurveRuns(db: DuckDBClient, choice: RunChoice): Promise<CurveRuns> {
  const {ids, limit} = choice;
  const found = await db.sql`
    SELECT run_id, name, status, seed::DOUBLE AS seed, epoch_ms(coalesce(start_time, created_at))::DOUBLE AS start_ms,
      concat_ws(' ', experiment_id, md5(code), data_hash) AS task, experiment_id,
      count(*) OVER ()::DOUBLE AS total
    FROM (${chosenRuns(db, choice)}) ORDER BY created_at DESC, run_id DESC LIMIT ${limit}`.catch(
    async (error) => {
      throw await choiceError(db, choice.where, error);
    }
  );
  const rows = [...found].reverse() as unknown as FoundRun[];
  if (rows.length === 0) return {runs: [], total: 0, metrics: new Map()};
  const chosen = rows.map(({run_id}) => run_id);
  const [params, extents, defined] = await Promise.all([
    db.sql`SELECT run_id, key, value_str, value_num FROM params WHERE list_contains(${chosen}, run_id) ORDER BY key`,
    db.sql`SELECT run_id, key, n::DOUBLE AS n, seq::DOUBLE AS seq, step::DOUBLE AS step, ts_ms::DOUBLE AS ts_ms,
        min_value, max_value
      FROM latest_metrics WHERE list_contains(${chosen}, run_id) ORDER BY run_id, key`,
    db.sql`SELECT key, max(step_key) AS step_key, max(unit) AS unit FROM metric_defs
      WHERE list_contains(${[...new Set(rows.map(({experiment_id}) => experiment_id))]}, experiment_id) GROUP BY key`
  ]);
  const paramsOf = byRun(params, ({value_str, value_num}: FoundParam) => ({
    text: value_str,
    number: value_num
  }));
  const metricsOf = byRun(extents, ({n, seq, step, ts_ms, min_value, max_value}: FoundExtent) => ({
    rows: n,
    seq,
    lastStep: step,
    lastMs: ts_ms,
    low: min_value,
    high: max_value
  }));
  const runs = rows.map(({run_id, name, status, seed, start_ms, task}) => ({
    runId: run_id,
    name,
    status,
    startMs: start_ms,
    seed,
    task,
    params: paramsOf.get(run_id) ?? new Map(),
    metrics: metricsOf.get(run_id) ?? new Map()
  }));
  if (ids) runs.sort((a, b) => ids.indexOf(a.runId) - ids.indexOf(b.runId));
  const metrics = new Map(
    (Array.from(defined) as FoundMetric[]).map(({key, step_key, unit}) => [key, {stepKey: step_key, unit}])
  );
  return {runs, total: rows[0]?.total ?? 0, metrics};
}

/** The rows of `runs` of a choice, without its limit. */
export function chosenRuns(db: DuckDBClient, {ids, where, notebook}: RunChoice): SqlFragment {
  const ofIds = ids ? db.fragment`AND list_contains(${ids}::VARCHAR[], run_id)` : db.fragment``;
  const ofNotebook = notebook === undefined ? db.fragment`` : db.fragment`AND notebook = ${notebook}`;
  const active = db.fragment`lifecycle_stage = 'active' ${ofIds} ${ofNotebook}`;
  if (!where) return db.fragment`SELECT * FROM runs WHERE ${active}`;
  // On a line of its own: it may end in a comment.
  return db.fragment`SELECT r.* FROM (
      SELECT runs.*, coalesce(run_params.params, MAP {}::MAP(VARCHAR, VARCHAR)) AS params
      FROM runs LEFT JOIN run_params ON run_params.run_id = runs.run_id WHERE ${active}
    ) r WHERE (${where}
    )`;
}

/**
 * Whether the runs of a choice are found in small tables alone: a condition without a query inside of it, nor a macro of
 * the store that is one, reads nothing else.
 */
export function isFoundEarly({where}: RunChoice): boolean {
  if (!where) return true;
  const {text} = sqlTemplate(where.strings, where.values);
  return !readsTables.test(text) && !scalarNames.some((name) => text.toLowerCase().includes(name));
}

/** With one of these every query begins. */
const readsTables = /\b(SELECT|FROM|TABLE|VALUES|WITH|PIVOT|UNPIVOT|DESCRIBE|SHOW|SUMMARIZE)\b/i;

/** Says which ids of a choice are no runs; empty when all are. */
export function missingRuns({ids = [], notebook}: RunChoice, found: Iterable<string>): string {
  const there = new Set(found);
  const missing = ids.filter((id) => !there.has(id));
  if (missing.length === 0) return "";
  const named =
    missing.slice(0, 3).join(", ") + (missing.length > 3 ? ` and ${missing.length - 3} more` : "");
  const of = notebook === undefined ? "" : ` of the notebook ${notebook}`;
  return `The store has no run${missing.length > 1 ? "s" : ""} ${named}${of}.`;
}

/** Rows of a table by run and key. */
function byRun<R extends {run_id: string; key: string}, V>(
  table: Table,
  value: (row: R) => V
): Map<string, Map<string, V>> {
  const runs = new Map<string, Map<string, V>>();
  for (const row of table as unknown as Iterable<R>) {
    const keys = runs.get(row.run_id) ?? new Map<string, V>();
    runs.set(row.run_id, keys.set(row.key, value(row)));
  }
  return runs;
}

interface FoundRun {
  run_id: string;
  name: string;
  status: string;
  seed: number | null;
  start_ms: number;
  task: string;
  experiment_id: string;
  total: number;
}

interface FoundParam {
  run_id: string;
  key: string;
  value_str: string;
  value_num: number | null;
}

interface FoundExtent {
  run_id: string;
  key: string;
  n: number;
  seq: number;
  step: number;
  ts_ms: number;
  min_value: number | null;
  max_value: number | null;
}

interface FoundMetric {
  key: string;
  step_key: string | null;
  unit: string | null;
}
