import {CurveSet} from "../../../../src/cells/curves/curve-set.ts";
import {readInto} from "../../../../src/cells/curves/read-into.ts";
import {readCurveRuns} from "../../../../src/tables/curve-runs.ts";
import type {Tables} from "../../../../src/tables/open.ts";
import {readRunsTable} from "../../../../src/tables/runs-grid.ts";
import {metricNameOf, runIdOf, type WorkloadSize} from "../data.ts";

/** Milliseconds of each repetition. */
export interface QueryTimes {
  /** All 500 rows of one metric of one run, as an SQL cell asks. */
  curve: number[];
  /** The same as a chart asks that has one run. */
  chart: number[];
  /** One metric of 100 runs, as a chart asks. */
  hundredCurves: number[];
  /** What a chart asks before that of 100 runs: their names, parameters and extents. */
  hundredRuns: number[];
  /** All runs with parameters, and 20 metrics, as the table of runs asks. */
  grid: number[];
  /** From a signal's abort to the query's rejection. */
  cancel: number[];
  /** From a signal's abort to the answer of the next query: until then the engine is still at work. */
  cancelToNext: number[];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Asks what charts ask, each time for other runs and metrics. */
export async function timeQueries({db}: Tables, size: WorkloadSize, repeats: number): Promise<QueryTimes> {
  const times: QueryTimes = {
    curve: [],
    chart: [],
    hundredCurves: [],
    hundredRuns: [],
    grid: [],
    cancel: [],
    cancelToNext: []
  };
  const some = (from: number, count: number) =>
    Array.from({length: Math.min(count, size.runs)}, (_, n) => runIdOf((from + n * 7) % size.runs));
  for (let n = 0; n < repeats; n++) {
    const first = (n * 397) % size.runs;
    const key = metricNameOf(n % size.metrics);
    times.curve.push(
      await timed(async () => {
        const table = await db.sql`SELECT step, value FROM metrics
          WHERE run_id = ${runIdOf(first)} AND key = ${key} ORDER BY step`;
        require(table.numRows === size.steps, `${table.numRows} rows of one curve`);
      })
    );
    const draw = async (count: number) => {
      const ids = some(first, count);
      const asked = performance.now();
      const {runs} = await readCurveRuns(db, {ids, limit: count});
      const found = performance.now();
      const set = new CurveSet(false);
      const wanted = runs.map((run) => ({run, key, rows: size.steps}));
      await readInto(set, db, wanted, {x: "step", log: false});
      require(ids.every((id) => set.get(id, key) !== null), "a curve is missing");
      return [found - asked, performance.now() - found];
    };
    times.chart.push((await draw(1))[1]);
    const [runsMs, curvesMs] = await draw(100);
    times.hundredRuns.push(runsMs);
    times.hundredCurves.push(curvesMs);
    times.grid.push(
      await timed(async () => {
        const {table} = await readRunsTable(db, {metrics: null, limit: 10_000, now: Date.now()});
        require(table.numRows === size.runs, `${table.numRows} runs in the table of runs`);
      })
    );
    const [stopped, next] = await timeCancel(db);
    times.cancel.push(stopped);
    times.cancelToNext.push(next);
  }
  return times;
}

/** Stops a query over all rows while it is running: until it is over for who asked, and until the next one is answered. */
async function timeCancel(db: Tables["db"]): Promise<[stopped: number, next: number]> {
  const controller = new AbortController();
  const query = db.withSignal(controller.signal).sql`
    SELECT count(DISTINCT sin(a.value) * cos(b.value)) FROM metrics a JOIN metrics b USING (run_id)`;
  const stopped = query.then(
    () => Promise.reject(new Error("The query ended before it was stopped.")),
    () => undefined
  );
  // Long enough for it to be at work.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const aborted = performance.now();
  controller.abort();
  await stopped;
  const over = performance.now();
  await db.sql`SELECT 1`;
  return [over - aborted, performance.now() - aborted];
}

/** A wrong answer must not be timed. */
function require(holds: boolean, found: string): void {
  if (!holds) throw new Error(`The workload's tables are not what was recorded: ${found}.`);
}
