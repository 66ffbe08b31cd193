import {encodeMetrics} from "../../src/tables/encode.ts";
import {openMemoryJournal} from "../../src/tables/journal/open.ts";
import {Tables} from "../../src/tables/open.ts";
import type {MetricBatch} from "../../src/tables/types.ts";
import {insertValues} from "./peers.ts";

/** What one visit of the page measured. */
export interface TableTimings {
  /** From the first query of a page to its answer, the engine's files being in the browser's cache or not. */
  bootMs: number;
  /** Rows of `metrics` a second, one number a round: encoded, handed to the store, and counted by a query. */
  rowsPerSecond: number[];
  /** The same rows through INSERT statements. */
  peerRowsPerSecond: number[];
  /** From a signal's abort to the query's rejection, one number a round. */
  cancelMs: number[];
  /** One curve of 500 points out of all rows, one number a round. */
  curveMs: number[];
}

const metrics = Array.from({length: 20}, (_, i) => `metric ${i}`);

/** Batches as a run sends them: 50 steps of 20 metrics. */
function batchesOf(runId: string, count: number): MetricBatch[] {
  return Array.from({length: count}, (_, n) => {
    const step = Float64Array.from({length: 50}, (_, i) => n * 50 + i);
    const columns = Object.fromEntries(
      metrics.map((name, k) => [name, step.map((x) => Math.sin(x / (k + 1)))])
    );
    return {runId, seq: n * 50, step, timeMs: step.map((x) => 1.76e12 + x), columns};
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function timeTables(rounds: number, batchCount: number): Promise<TableTimings> {
  const tables = new Tables({
    extensionRepository: new URL("duckdb-ext", location.href).href,
    journal: async () => openMemoryJournal()
  });
  const {db, sink} = tables;
  const timings: TableTimings = {
    bootMs: await timed(() => db.sql`SELECT count(*) FROM runs`),
    rowsPerSecond: [],
    peerRowsPerSecond: [],
    cancelMs: [],
    curveMs: []
  };
  const rows = batchCount * 50 * metrics.length;
  for (let round = 0; round < rounds; round++) {
    const runId = `run ${round}`;
    const batches = batchesOf(runId, batchCount);
    const ours = await timed(async () => {
      for (const batch of batches)
        sink.append(runId, encodeMetrics(batch), [batch.seq, batch.seq + batch.step.length - 1]);
      const [{n}] = await db.sql`SELECT count(*) AS n FROM metrics WHERE run_id = ${runId}`;
      if (n !== rows) throw new Error(`Expected ${rows} rows, found ${n}.`);
    });
    timings.rowsPerSecond.push((rows / ours) * 1000);
    const few = batches.slice(0, Math.ceil(batchCount / 10));
    const theirs = await timed(() => insertValues((sql) => db.query(sql), few));
    timings.peerRowsPerSecond.push(((few.length * 50 * metrics.length) / theirs) * 1000);
    timings.curveMs.push(
      await timed(
        () => db.sql`SELECT step, value FROM metrics WHERE run_id = ${runId} AND key = ${"metric 7"}
        ORDER BY step LIMIT 500`
      )
    );
    timings.cancelMs.push(await cancel(tables));
  }
  await tables.dispose();
  return timings;
}

/** Stops a query that would take minutes, while it is running. */
async function cancel({db}: Tables): Promise<number> {
  const controller = new AbortController();
  const query = db.withSignal(controller.signal).sql`SELECT sum(sin(x)) FROM range(100000000000) t(x)`;
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

Object.assign(globalThis, {timeTables});
