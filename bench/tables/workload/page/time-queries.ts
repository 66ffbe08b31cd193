import {readCurves} from "../../../../src/tables/curves.ts";
import type {Tables} from "../../../../src/tables/open.ts";
import {metricNameOf, runIdOf, runOf, type WorkloadSize} from "../data.ts";

/** Milliseconds of each repetition. */
export interface QueryTimes {
  /** All 500 rows of one metric of one run, as an SQL cell asks. */
  curve: number[];
  /** The same as the chart asks: least and greatest for each pixel. */
  envelope: number[];
  /** One metric of 100 runs, as the chart asks. */
  hundredCurves: number[];
  /** From a signal's abort to the query's rejection. */
  cancel: number[];
}

/** Pixels of the chart's width. */
const buckets = 900;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Asks what charts ask, each time for other runs and metrics. */
export async function timeQueries({db}: Tables, size: WorkloadSize, repeats: number): Promise<QueryTimes> {
  const times: QueryTimes = {curve: [], envelope: [], hundredCurves: [], cancel: []};
  const some = (from: number, count: number) =>
    Array.from({length: Math.min(count, size.runs)}, (_, n) => {
      const i = (from + n * 7) % size.runs;
      return {runId: runIdOf(i), startMs: runOf(i, size).createdAt};
    });
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
    const envelope = async (count: number) => {
      const runs = some(first, count);
      const curves = await readCurves(db, {runs, keys: [key], x: "step", buckets});
      require(curves.length === runs.length, `${curves.length} curves`);
    };
    times.envelope.push(await timed(() => envelope(1)));
    times.hundredCurves.push(await timed(() => envelope(100)));
    times.cancel.push(await timeCancel(db));
  }
  return times;
}

/** Stops a query over all rows while it is running. */
async function timeCancel(db: Tables["db"]): Promise<number> {
  const controller = new AbortController();
  const query = db.withSignal(controller.signal).sql`
    SELECT count(DISTINCT sin(a.value) * cos(b.value)) FROM metrics a JOIN metrics b USING (run_id)`;
  const stopped = query.then(
    () => Promise.reject(new Error("The query ended before it was stopped.")),
    () => undefined
  );
  await db.sql`SELECT 1`;
  return timed(() => {
    controller.abort();
    return stopped;
  });
}

/** A wrong answer must not be timed. */
function require(holds: boolean, found: string): void {
  if (!holds) throw new Error(`The workload's tables are not what was recorded: ${found}.`);
}
