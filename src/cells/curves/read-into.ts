import type {DuckDBClient} from "../../tables/client.ts";
import type {CurveRun} from "../../tables/curve-runs.ts";
import {
  type CurveAxis,
  type CurveEnvelope,
  type EnvelopeQuery,
  type Extent,
  readCurveEnvelopes,
  readCurveRows
} from "../../tables/curves.ts";
import type {SqlFragment} from "../../tables/sql-text.ts";
import type {CurveSet} from "./curve-set.ts";

/** Stretches that SQL divides the axis into: few charts are wider, and of a great many curves nobody sees each. */
const mostBuckets = 1000;
const leastBuckets = 200;
/** Of all curves together, about. */
const mostPoints = 800_000;

/** A curve that is wanted, and how many rows it has at most. */
export interface WantedCurve {
  run: CurveRun;
  key: string;
  rows: number;
}

interface ReadOptions {
  x: CurveAxis;
  log: boolean;
  /** Only this part; all when absent. */
  range?: Extent;
  /** What has the rows; the table `metrics` when absent. */
  metrics?: SqlFragment;
}

/** Reads curves over one axis into a set: as rows those that have few, as least and greatest values the others. */
export async function readInto(
  set: CurveSet,
  db: DuckDBClient,
  wanted: readonly WantedCurve[],
  options: ReadOptions
): Promise<void> {
  const share = Math.ceil(mostPoints / Math.max(1, wanted.length));
  const buckets = Math.min(mostBuckets, Math.max(leastBuckets, share));
  const isFew = ({rows}: WantedCurve) => rows <= 2 * buckets;
  await Promise.all([
    read(wanted.filter(isFew), (few) => readCurveRows(db, {...few, ...options})),
    read(
      wanted.filter((curve) => !isFew(curve)),
      (many) =>
        readEnvelopes(db, {...many, ...options, buckets, span: options.range ?? spanOf(many, options)})
    )
  ]);

  async function read<Part extends {runId: string; key: string}>(
    some: readonly WantedCurve[],
    ask: (of: {runs: CurveRun[]; keys: string[]}) => Promise<Part[]>
  ) {
    if (some.length === 0) return;
    const runs = [...new Set(some.map(({run}) => run))];
    const byName = new Map(some.map((curve) => [`${curve.run.runId} ${curve.key}`, curve]));
    const keys = [...new Set(some.map(({key}) => key))];
    for (const part of await ask({runs, keys})) {
      const curve = byName.get(`${part.runId} ${part.key}`);
      if (curve) set.set(curve.run, part as never);
    }
  }
}

/** Reads once more where the curves turn out to fill less than half of the span. */
async function readEnvelopes(db: DuckDBClient, query: EnvelopeQuery): Promise<CurveEnvelope[]> {
  const found = await readCurveEnvelopes(db, query);
  const place = query.log ? Math.log10 : (x: number) => x;
  const [low, high] = query.span;
  const first = Math.min(...found.map(({firstX}) => firstX[0] as number));
  const last = Math.max(...found.map(({lastX}) => lastX.at(-1) as number));
  const isNarrow = place(last) - place(first) < (place(high) - place(low)) / 2;
  return isNarrow && last > first ? readCurveEnvelopes(db, {...query, span: [first, last]}) : found;
}

/** Where rows may lie, from what is known without reading any. */
function spanOf(
  {runs, keys}: {runs: readonly CurveRun[]; keys: readonly string[]},
  {x, log}: ReadOptions
): Extent {
  const extents = (names: readonly string[]) =>
    runs.flatMap(({metrics, startMs}) => names.flatMap((name) => ({startMs, ...metrics.get(name)})));
  const most = (numbers: readonly (number | null | undefined)[]) =>
    Math.max(...numbers.map((n) => n ?? -Infinity));
  const of = extents(keys);
  let [low, high] = [0, most(of.map(({lastStep}) => lastStep))];
  if (x === "time")
    [low, high] = [Math.min(...of.map(({startMs}) => startMs)), most(of.map(({lastMs}) => lastMs))];
  if (x === "relative") high = most(of.map(({lastMs, startMs}) => lastMs && (lastMs - startMs) / 1000));
  if (typeof x === "object") {
    const axis = extents([x.key]);
    [low, high] = [-most(axis.map(({low}) => (low == null ? null : -low))), most(axis.map(({high}) => high))];
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (!log) return [low, Math.max(high, low)];
  const least = low > 0 ? low : x === "relative" ? 1e-3 : typeof x === "string" ? 1 : high * 1e-6;
  return [least, Math.max(high, least)];
}
