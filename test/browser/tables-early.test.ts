import {afterAll, beforeAll, expect, test} from "vitest";
import {readCurveRuns} from "../../src/tables/curve-runs.ts";
import {type CurveQuery, type CurveRows, readCurveEnvelopes, readCurveRows} from "../../src/tables/curves.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {openMemoryJournal} from "../../src/tables/journal/open.ts";
import {Tables} from "../../src/tables/open.ts";
import type {TableName} from "../../src/tables/schema.ts";
import {curveRun} from "../tables/support/curve-run.ts";

const journal = openMemoryJournal();
const options = {extensionRepository: new URL("duckdb-ext", location.href).href};
let openGate = () => {};
const gate = new Promise<void>((resolve) => {
  openGate = resolve;
});

/** Sorted rows come when the gate is open. */
const read = journal.read.bind(journal);
journal.read = async function* (tables?: readonly TableName[]) {
  let areTablesOver = false;
  for await (const stream of read(tables)) {
    if (areTablesOver) await gate;
    yield stream;
    areTablesOver ||= stream.table === "latest_metrics";
  }
};
const tables = new Tables({...options, journal: async () => journal});
afterAll(() => tables.dispose());

const start = 1.76e12;
const runIds = Array.from({length: 6}, (_, i) => `r${i}`);

function record(runId: string, from: number): void {
  const step = Float64Array.from({length: 50}, (_, i) => from + i);
  const batch = {
    runId,
    seq: from,
    step,
    timeMs: step.map((x) => start + 250 * x),
    columns: {
      loss: step.map((x) => (x === 7 ? Number.NaN : Math.sin(x * (1 + Number(runId.slice(1)))))),
      examples: step.map((x) => 64 * x),
      other: step
    }
  };
  tables.sink.append(runId, encodeMetrics(batch), [from, from + 49]);
}

beforeAll(async () => {
  for (const [i, runId] of runIds.entries()) {
    tables.sink.record(curveRun({runId, seed: i, params: {lr: i}, createdAt: start + i}));
    record(runId, 0);
  }
  await tables.sink.find("");
  await journal.compact();
  // Not sorted yet.
  record("r2", 50);
});

const chosen = ["r4", "r2"];
const choice = {runIds: chosen, keys: ["loss", "examples"]};
const query: CurveQuery = {
  runs: chosen.map((runId) => ({runId, startMs: start})),
  keys: ["loss"],
  x: "step"
};
const envelopes = {...query, buckets: 8, span: [0, 99] as const, log: false};

const readAll = (db: typeof tables.db, metrics?: CurveQuery["metrics"]) =>
  Promise.all([
    ...(["step", "time", "relative", {key: "examples"}] as const).map((x) =>
      readCurveRows(db, {...query, x, metrics})
    ),
    readCurveRows(db, {...query, range: [10, 20], metrics}),
    readCurveEnvelopes(db, {...envelopes, metrics})
  ]);

test("runs and curves are read before the database has all rows, as they are read after", async () => {
  const {runs} = await readCurveRuns(tables.early.db, {ids: chosen, limit: 10});
  const relations: string[] = [];
  const early = await tables.early.withMetrics(choice, (db, metrics) => {
    relations.push(metrics.strings.join(""));
    return readAll(db, metrics);
  });
  expect(relations).toEqual(['"__early"."rows1"']);
  let isFull = false;
  const full = readAll(tables.db).then((curves) => {
    isFull = true;
    return curves;
  });
  await tables.early.db.sql`SELECT 1`;
  expect(isFull).toBe(false);
  openGate();
  expect(early).toEqual(await full);
  const steps = early[0] as CurveRows[];
  expect(steps.map(({runId, x}) => [runId, x.length])).toEqual([
    ["r4", 50],
    ["r2", 100]
  ]);
  expect(runs).toEqual((await readCurveRuns(tables.db, {ids: chosen, limit: 10})).runs);
  expect(runs.map(({metrics}) => metrics.get("loss")?.rows)).toEqual([50, 100]);
});

test("afterwards the table itself is asked, and the copies are gone", async () => {
  const name = await tables.early.withMetrics(choice, async (_, metrics) => metrics.strings.join(""));
  expect(name).toBe('"metrics"');
  const left = await tables.db.sql`SELECT table_name FROM duckdb_tables() WHERE database_name = '__early'`;
  expect(left.numRows).toBe(0);
});

test("an error of a question is told, and a signal that was aborted ends it", async () => {
  await expect(tables.early.withMetrics(choice, async () => Promise.reject(new Error("no")))).rejects.toThrow(
    "no"
  );
  const signal = AbortSignal.abort(new Error("left"));
  await expect(
    tables.early.withMetrics({...choice, signal}, (db, metrics) => readAll(db, metrics))
  ).rejects.toThrow("left");
});
