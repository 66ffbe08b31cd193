import {afterAll, expect, test, vi} from "vitest";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {JournalError} from "../../src/tables/journal/errors.ts";
import {type EngineState, Tables} from "../../src/tables/open.ts";
import {sqlQuery} from "../../src/tables/sql-text.ts";
import type {MetricBatch, RunRecord} from "../../src/tables/types.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const states: EngineState["state"][] = [];
const workers = vi.spyOn(globalThis, "Worker");
const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href,
  onEngine: ({state}) => states.push(state)
});
const {db, sink} = tables;
afterAll(() => tables.dispose());

function run(overrides: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: "r1",
    name: "it's a run",
    notebook: "quickstart",
    cellId: 3,
    cellExecId: null,
    experiment: "quickstart",
    parentRunId: null,
    tags: {},
    tab: null,
    attempt: 1,
    status: "running",
    params: {sparsity: 0.5, optimizer: {name: "adam", beta: [0.9, 0.999]}, bias: true, huge: 2n ** 60n},
    seed: 42,
    code: "function* () {}",
    fingerprint: "f",
    backend: {name: "wasm", adapter: "SIMD"},
    versions: {tfjs: "4.22.0"},
    dataHash: "",
    createdAt: 1763687000123,
    startedAt: null,
    endedAt: null,
    lastStep: null,
    error: null,
    ...overrides
  };
}

function append(batch: MetricBatch) {
  sink.keep(batch);
  sink.append(batch.runId, encodeMetrics(batch), [batch.seq, batch.seq + batch.step.length - 1]);
}

function batch(runId: string, seq: number, loss: number[]): MetricBatch {
  const step = Float64Array.from(loss, (_, i) => seq + i);
  const timeMs = step.map((x) => 1763687000000 + x);
  return {runId, seq, step, timeMs, columns: {loss: Float64Array.from(loss)}};
}

const rows = async (query: Promise<Iterable<{toJSON(): object}>>) =>
  Array.from(await query, (row) => row.toJSON());

test("rows that came before the first query are there, and DuckDB was not loaded for them", async () => {
  sink.record(run());
  append(batch("r1", 0, [1, Number.NaN]));
  append(batch("r1", 2, [Infinity, -Infinity]));
  expect(workers).not.toHaveBeenCalled();
  expect(await rows(db.sql`SELECT * FROM metrics ORDER BY seq`)).toEqual([
    {run_id: "r1", key: "loss", step: 0, ts_ms: 1763687000000, value: 1, seq: 0},
    {run_id: "r1", key: "loss", step: 1, ts_ms: 1763687000001, value: Number.NaN, seq: 1},
    {run_id: "r1", key: "loss", step: 2, ts_ms: 1763687000002, value: Infinity, seq: 2},
    {run_id: "r1", key: "loss", step: 3, ts_ms: 1763687000003, value: -Infinity, seq: 3}
  ]);
  expect(workers).toHaveBeenCalledOnce();
  expect(states).toContain("loading");
  expect(states.at(-1)).toBe("ready");
});

test("a run is one row, with its latest status and times in UTC", async () => {
  sink.record(run({status: "completed", startedAt: 1763687001000, endedAt: 1763687009000, lastStep: 3}));
  const [row] = await rows(
    db.sql`SELECT *, versions['tfjs'] AS tfjs, created_at::VARCHAR AS created FROM runs`
  );
  expect(row).toMatchObject({
    run_id: "r1",
    name: "it's a run",
    cell_id: 3,
    status: "completed",
    seed: 42,
    backend: "wasm",
    last_step: 3,
    created_at: new Date(1763687000123),
    end_time: new Date(1763687009000),
    error: null,
    tfjs: "4.22.0",
    created: "2025-11-21 01:03:20.123"
  });
});

test("parameters keep their type and nested ones have paths", async () => {
  expect(await rows(db.sql`SELECT key, value_str, value_num, value_type FROM params ORDER BY key`)).toEqual([
    {key: "bias", value_str: "true", value_num: 1, value_type: "boolean"},
    {key: "huge", value_str: "1152921504606846976", value_num: 2 ** 60, value_type: "bigint"},
    {key: "optimizer.beta", value_str: "[0.9,0.999]", value_num: null, value_type: "json"},
    {key: "optimizer.name", value_str: "adam", value_num: null, value_type: "string"},
    {key: "sparsity", value_str: "0.5", value_num: 0.5, value_type: "number"}
  ]);
});

test("latest_metrics has last, least and greatest", async () => {
  expect(await rows(db.sql`SELECT * FROM latest_metrics`)).toMatchObject([
    {run_id: "r1", key: "loss", value: -Infinity, step: 3, min_value: -Infinity, max_value: Infinity, n: 4}
  ]);
});

test("a long backlog of small batches loses and doubles nothing", async () => {
  for (let i = 0; i < 500; i++) {
    append(batch("r2", 2 * i, [i, -i]));
    append(batch("r3", i, [i]));
  }
  expect(
    await rows(db.sql`SELECT run_id, count(*) AS n, count(DISTINCT seq) AS steps, sum(value) AS total
      FROM metrics WHERE run_id <> 'r1' GROUP BY run_id ORDER BY run_id`)
  ).toEqual([
    {run_id: "r2", n: 1000, steps: 1000, total: 0},
    {run_id: "r3", n: 500, steps: 500, total: 124750}
  ]);
});

test("who watches a table is told of a change, and then sees it", async () => {
  const changes = tables.tableChanges("latest_metrics")[Symbol.asyncIterator]();
  await changes.next();
  const change = changes.next();
  append(batch("r4", 0, [7]));
  await change;
  expect(await rows(db.sql`SELECT value FROM metrics WHERE run_id = 'r4'`)).toEqual([{value: 7}]);
  await changes.return?.();
});

test("a statement that would change the store is refused, and says what to do instead", async () => {
  const error = await db.sql`SELECT 1;\nDROP TABLE metrics`.catch((error) => error);
  expect(error).toMatchObject({
    name: "SqlError",
    message: "metrics belongs to the store, which is written by training and imports.",
    line: 2,
    column: 12
  });
  expect(error.hint).toContain("CREATE TABLE mine AS SELECT");
  await db.sql`CREATE TABLE mine AS SELECT * FROM metrics; DELETE FROM mine; DROP TABLE mine`;
});

test.each([
  ["DROP TABLE metrics", "dropped"],
  ["ALTER TABLE runs ADD COLUMN mine INTEGER; ALTER TABLE metrics RENAME TO old_metrics", "altered"],
  ["DROP TABLE params; CREATE VIEW params AS SELECT 1 AS x", "replaced by a view"]
])("after %s the tables are made again with every row (%s)", async (sql, how) => {
  const count = () =>
    rows(db.sql`SELECT (SELECT count(*) FROM params WHERE run_id = 'r1') AS params, count(*) AS n
    FROM metrics WHERE run_id NOT LIKE 'torn%'`);
  const before = await count();
  // No statement of a cell gets past the guard.
  await (await tables["open"]()).query(sqlQuery(sql), {});
  sink.record(run({runId: `torn ${how}`, name: how, params: {x: 1}}));
  append(batch(`torn ${how}`, 0, [1, 2]));
  expect(await count()).toEqual(before);
  expect(await rows(db.sql`SELECT name FROM runs WHERE run_id = ${`torn ${how}`}`)).toEqual([{name: how}]);
});

test("what cannot be written is told in words, and is no hindrance once it is mended", async () => {
  sink.record(run({status: "odd" as never}));
  const error = await db.sql`SELECT 1`.catch((error) => error);
  expect(error.name).toBe("RowError");
  expect(error.message).toMatch(/^runs.status: expected one of queued, .*, got odd.$/);
  sink.record(run({status: "completed"}));
  expect(await rows(db.sql`SELECT status FROM runs WHERE run_id = 'r1'`)).toEqual([{status: "completed"}]);
});

test.each([
  ["SchemaVersionError", /^A later version of Petri wrote these runs, and they are safe. Reload the page/],
  ["JournalError", /^Reload the page to read it again. .*export a Petri archive/],
  ["NotReadableError", /^Reload the page to read it again./]
])("a query over a journal that cannot be read (%s) says what to do", async (name, hint) => {
  const journal = new FakeJournal();
  const error = Object.assign(new JournalError("The journal has rows that are not read here."), {name});
  journal.read = () => {
    throw error;
  };
  const options = {journal: async () => journal, extensionRepository: location.href};
  const unread = new Tables(options);
  const failure = await unread.db.sql`SELECT * FROM runs`.catch((error) => error);
  expect(failure).toMatchObject({name, message: error.message, hint: expect.stringMatching(hint)});
  await unread.dispose();
});

test("an engine that was ended starts again with every run and row", async () => {
  await tables.dispose();
  expect(await rows(db.sql`SELECT (SELECT count(*) FROM runs) AS runs, count(*) AS n FROM metrics`)).toEqual([
    {runs: 4, n: 1511}
  ]);
});
