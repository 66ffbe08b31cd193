import type {Table} from "apache-arrow";
import type {DuckDBClient} from "./client.ts";
import type {SqlFragment} from "./sql-text.ts";

/** What curves are drawn over: the step, the time (ms since the epoch), seconds since the run began, or another metric. */
export type CurveAxis = "step" | "time" | "relative" | {readonly key: string};

export interface CurveQuery {
  /** The runs, each with the time (ms since the epoch) that `relative` counts from. */
  runs: readonly {readonly runId: string; readonly startMs: number}[];
  /** Names of metrics. */
  keys: readonly string[];
  x: CurveAxis;
  /** Only rows with x in here, ends included; all when absent. */
  range?: Extent;
  /** What has the rows, with the columns of `metrics`; that table when absent. */
  metrics?: SqlFragment;
}

/** From where to where, both included. */
export type Extent = readonly [low: number, high: number];

export interface EnvelopeQuery extends CurveQuery {
  /** What is divided into equal stretches, `buckets` of them: one for each pixel of width. There are more where rows lie outside. */
  span: Extent;
  buckets: number;
  /** Stretches are equal in the logarithm of x; rows with x <= 0 are left out. The span is then greater than 0. */
  log: boolean;
}

/** The rows of one metric of one run, in order of x and of `metrics.seq`. */
export interface CurveRows {
  runId: string;
  key: string;
  x: Float64Array;
  value: Float64Array;
  seq: Float64Array;
}

/** What becomes of the rows of one metric of one run in each stretch of x that has any, in order of x. */
export interface CurveEnvelope {
  runId: string;
  key: string;
  /** Least and greatest x in the stretch. */
  firstX: Float64Array;
  lastX: Float64Array;
  /** Least and greatest finite value; NaN where there is none. */
  low: Float64Array;
  high: Float64Array;
  /** Sum and count of finite values. */
  total: Float64Array;
  finite: Float64Array;
  /** How many rows there are. */
  rows: Float64Array;
  /** Sum of the `oddValues` that are among them. */
  odd: Float64Array;
  /** The greatest `metrics.seq`. */
  seq: Float64Array;
}

/** Kinds of values that are not finite, as bits. */
export const oddValues = {nan: 1, infinite: 2, negativeInfinite: 4} as const;

/** All rows of some curves: the cheaper question when there are few. @throws what `db.query` does. */
export async function readCurveRows(db: DuckDBClient, query: CurveQuery): Promise<CurveRows[]> {
  const table = await db.sql`
    SELECT run, key, ${shown(db, query.x, db.fragment`x`)} AS x, value, seq::DOUBLE AS seq
    FROM (${points(db, query)})`;
  return curves(table, query, ["x", "value", "seq"]).map(ordered);
}

/**
 * Least and greatest values of many curves in each of `buckets` stretches of x, so that no spike is lost however many
 * rows there are. One pass over the rows of these metrics. @throws what `db.query` does.
 */
export async function readCurveEnvelopes(db: DuckDBClient, query: EnvelopeQuery): Promise<CurveEnvelope[]> {
  const {nan, infinite, negativeInfinite} = oddValues;
  const x = (value: SqlFragment) => shown(db, query.x, value);
  const table = await db.sql`
    SELECT run, key, ${bucket(db, query)} AS bucket,
      ${x(db.fragment`min(x)`)} AS "firstX", ${x(db.fragment`max(x)`)} AS "lastX",
      coalesce(min(y), 'nan') AS low, coalesce(max(y), 'nan') AS high, coalesce(sum(y), 0)::DOUBLE AS total,
      count(y)::DOUBLE AS finite, count(*)::DOUBLE AS "rows", bit_or(odd)::DOUBLE AS odd, max(seq)::DOUBLE AS seq
    FROM (
      SELECT run, key, x, seq, CASE WHEN isfinite(value) THEN value END AS y,
        CASE WHEN isfinite(value) THEN 0 WHEN isnan(value) THEN ${nan}
          WHEN value > 0 THEN ${infinite} ELSE ${negativeInfinite} END AS odd
      FROM (${points(db, query)})
      ${query.log ? db.fragment`WHERE x > 0` : db.fragment``}
    ) GROUP BY run, key, bucket ORDER BY run, key, bucket`;
  const columns = ["firstX", "lastX", "low", "high", "total", "finite", "rows", "odd", "seq"] as const;
  return curves(table, query, columns);
}

/** The rows, each with its x and the numbers of its run and metric in the lists. */
function points(db: DuckDBClient, query: CurveQuery): SqlFragment {
  const {runs, keys, x, range, metrics = db.ident("metrics")} = query;
  const key = keys.length === 1 ? db.fragment`0` : db.fragment`list_position(${keys}, m.key)::INTEGER - 1`;
  const columns = db.fragment`${key} AS key, ${axis(db, x)} AS x, m.value, m.seq`;
  const ofKeys = db.fragment`m.key IN (${list(db, keys)})`;
  const [only] = runs;
  // A join costs a single curve half its time.
  const rows =
    runs.length === 1
      ? db.fragment`
        SELECT 0 AS run, ${columns} FROM ${metrics} m ${beside(db, query, metrics)}, (SELECT ${BigInt(only.startMs)} AS start_ms) w
        WHERE m.run_id = ${only.runId} AND ${ofKeys}`
      : db.fragment`
        SELECT w.run, ${columns} FROM ${metrics} m JOIN (
          SELECT unnest(${runs.map(({runId}) => runId)}) AS run_id, unnest(range(${runs.length}))::INTEGER AS run,
            unnest(${BigInt64Array.from(runs, ({startMs}) => BigInt(startMs))}) AS start_ms
        ) w ON w.run_id = m.run_id ${beside(db, query, metrics)}
        WHERE ${ofKeys}`;
  if (!range) return isWhole(x) ? rows : db.fragment`SELECT * FROM (${rows}) WHERE isfinite(x)`;
  const [low, high] = scaled(x, range);
  return db.fragment`SELECT * FROM (${rows}) WHERE x BETWEEN ${low} AND ${high}`;
}

const isWhole = (x: CurveAxis) => typeof x === "string";

/** The axis in the units of the table: whole milliseconds in the place of seconds. */
function scaled(x: CurveAxis, [low, high]: Extent): [number, number] {
  const unit = x === "relative" ? 1000 : 1;
  return isWhole(x) ? [Math.floor(low * unit), Math.ceil(high * unit)] : [low, high];
}

/** A number in the units of the table as one of the axis. */
function shown(db: DuckDBClient, x: CurveAxis, value: SqlFragment): SqlFragment {
  return x === "relative" ? db.fragment`${value} / 1000` : db.fragment`${value}::DOUBLE`;
}

function axis(db: DuckDBClient, x: CurveAxis): SqlFragment {
  if (x === "step") return db.fragment`m.step`;
  if (x === "time") return db.fragment`m.ts_ms`;
  if (x === "relative") return db.fragment`m.ts_ms - w.start_ms`;
  return db.fragment`a.value`;
}

/** The metric that is the axis: of the same yielded row, else of the last one before that has it. */
function beside(db: DuckDBClient, {x, runs}: CurveQuery, metrics: SqlFragment): SqlFragment {
  if (typeof x === "string") return db.fragment``;
  const ids = list(
    db,
    runs.map(({runId}) => runId)
  );
  return db.fragment`ASOF JOIN (
    SELECT run_id, seq, value FROM ${metrics} WHERE key = ${x.key} AND run_id IN (${ids})
  ) a ON a.run_id = m.run_id AND m.seq >= a.seq`;
}

/** The number of the stretch. In whole numbers where x is: three times as fast. */
function bucket(db: DuckDBClient, {x, span, buckets, log}: EnvelopeQuery): SqlFragment {
  const [low, high] = scaled(x, span);
  if (isWhole(x) && !log) {
    const width = Math.max(1, Math.ceil((high - low + 1) / buckets));
    return db.fragment`((x - ${BigInt(low)}) // ${BigInt(width)})`;
  }
  const least = isWhole(x) ? 1 : Number.MIN_VALUE;
  const [start, end] = log ? [low, high].map((at) => Math.log10(Math.max(at, least))) : [low, high];
  const perX = Float64Array.of((buckets - 1) / (end - start || 1))[0];
  const place = log ? db.fragment`log10(x)` : db.fragment`x`;
  return db.fragment`(greatest(-1e9, least(1e9, (${place} - ${start}) * ${perX}::DOUBLE)))::INTEGER`;
}

const list = (db: DuckDBClient, values: readonly string[]): SqlFragment =>
  values.slice(1).reduce((all, value) => db.fragment`${all}, ${value}`, db.fragment`${values[0]}`);

/** The rows of a result as one part a curve; those of a curve need not stand together. */
function curves<Name extends string>(table: Table, {runs, keys}: CurveQuery, names: readonly Name[]) {
  const column = (name: string) => table.getChild(name)?.toArray() as Float64Array;
  const [run, key] = [column("run"), column("key")];
  const sizes = new Uint32Array(runs.length * keys.length);
  for (let i = 0; i < run.length; i++) sizes[run[i] * keys.length + key[i]]++;
  const parts = Array.from(sizes, (size, i) => ({
    runId: runs[Math.floor(i / keys.length)].runId,
    key: keys[i % keys.length],
    columns: names.map(() => new Float64Array(size))
  }));
  names.forEach((name, c) => {
    const values = column(name);
    const ends = new Uint32Array(parts.length);
    for (let i = 0; i < values.length; i++) {
      const part = run[i] * keys.length + key[i];
      parts[part].columns[c][ends[part]++] = values[i];
    }
  });
  return parts
    .filter((_, i) => sizes[i] > 0)
    .map(({runId, key, columns}) => ({
      runId,
      key,
      ...(Object.fromEntries(names.map((name, c) => [name, columns[c]])) as Record<Name, Float64Array>)
    }));
}

/** Rows in order of x and seq; mostly they come so. */
function ordered(rows: CurveRows): CurveRows {
  const {x, value, seq} = rows;
  const follows = (a: number, b: number) => x[a] < x[b] || (x[a] === x[b] && seq[a] <= seq[b]);
  if (x.every((_, i) => i === 0 || follows(i - 1, i))) return rows;
  const order = Uint32Array.from(x.keys()).sort((a, b) => x[a] - x[b] || seq[a] - seq[b]);
  const pick = (column: Float64Array) => Float64Array.from(order, (i) => column[i]);
  return {...rows, x: pick(x), value: pick(value), seq: pick(seq)};
}
