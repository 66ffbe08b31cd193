import {afterAll, expect, test, vi} from "vitest";
import {RunExchange} from "../../src/tables/exchange.ts";
import {ExportError} from "../../src/tables/export/export-error.ts";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

// Engines are started one after another.
vi.setConfig({testTimeout: 90_000});

const fixture = (name: string) => new URL(`../fixtures/import/${name}`, import.meta.url).href;

function open() {
  const tables = new Tables({
    journal: async () => new FakeJournal(),
    extensionRepository: new URL("duckdb-ext", location.href).href
  });
  return {tables, exchange: new RunExchange(tables)};
}

const {tables, exchange} = open();
const others: Tables[] = [];
afterAll(() => Promise.all([tables, ...others].map((each) => each.dispose())));

test("an MLflow database by its address becomes rows to query", async () => {
  const report = await exchange.import(fixture("mlflow.db"));
  expect(report).toMatchObject({runs: 3, knownRuns: 0, params: 10, metricRows: 11});
  const rows = await tables.db.sql`SELECT r.name, p.value_num AS lr, l.value, l.step, l.n
    FROM runs r JOIN params p ON p.run_id = r.run_id AND p.key = 'lr'
    JOIN latest_metrics l ON l.run_id = r.run_id AND l.key = 'loss' ORDER BY r.name`;
  expect(rows.toArray().map((row) => ({...row}))).toEqual([
    {name: "large", lr: 0.1, value: 2.5, step: 0, n: 1},
    {name: "small", lr: 0.001, value: -Infinity, step: 7, n: 8}
  ]);
});

test("what reads a database is not loaded into the page", async () => {
  const loaded = performance.getEntriesByType("resource").map(({name}) => name);
  expect(loaded.filter((name) => name.includes("sql-wasm"))).toEqual([]);
  expect(loaded.some((name) => name.includes("duckdb"))).toBe(true);
});

test("importing it again adds nothing", async () => {
  expect(await exchange.import(fixture("mlflow.db"))).toMatchObject({runs: 0, knownRuns: 3, metricRows: 0});
  expect((await tables.db.queryRow("SELECT count(*)::INT AS n FROM metrics"))?.n).toBe(11);
});

test("an import that is cancelled on its way leaves no run, and tells how far it was", async () => {
  const controller = new AbortController();
  const values = Array.from({length: 40_000}, (_, i) => `late,loss,${i},1`);
  const file = new File([["run,key,step,value", ...values].join("\n")], "late.csv");
  const told: number[] = [];
  const importing = exchange.import(file, {
    signal: controller.signal,
    onProgress({metricRows}) {
      told.push(metricRows);
      if (metricRows > 0) controller.abort();
    }
  });
  await expect(importing).rejects.toThrow("aborted");
  expect(told.at(-1)).toBeGreaterThan(0);
  expect((await tables.sink.runs()).map(({name}) => name)).not.toContain("late");
});

// The other formats are tested without an engine, which takes its time to start.
test.each(["parquet", "mlflow"] as const)(
  "a store exported as %s and imported by another has the same rows",
  async (format) => {
    const other = open();
    others.push(other.tables);
    const file = await exchange.export({format, runs: ["a", "b"].map((end) => end.padStart(32, "0"))});
    expect(await other.exchange.import(file)).toMatchObject({runs: 2, metricRows: 11});
    const ask = async ({db}: Tables, sql: string) => (await db.query(sql)).toArray().map((row) => ({...row}));
    for (const sql of [
      "SELECT run_id, name, status, mlflow_status, created_at, end_time, last_step, seed, parent_run_id FROM runs WHERE lifecycle_stage = 'active' ORDER BY ALL",
      "SELECT run_id, key, value_str, value_num, value_type FROM params ORDER BY ALL",
      "SELECT run_id, key, step, ts_ms, value FROM metrics ORDER BY run_id, seq",
      "SELECT * FROM latest_metrics ORDER BY run_id, key"
    ]) {
      expect(await ask(other.tables, sql)).toEqual(await ask(tables, sql));
    }
  }
);

test("files are written in a worker, which tells how far it is and stops with its signal", async () => {
  const told: number[] = [];
  const files = await exchange.files({format: "csv", onProgress: ({runs}) => told.push(runs)});
  expect(files.map(({name}) => name)).toContain("metrics.csv");
  expect(told).toEqual([0, 1, 2]);
  const loaded = performance.getEntriesByType("resource").map(({name}) => name);
  expect(loaded.filter((name) => name.includes("sql-wasm"))).toEqual([]);
  await expect(exchange.export({format: "mlflow", signal: AbortSignal.abort()})).rejects.toThrow("abort");
  await expect(exchange.export({format: "csv", runs: ["no"]})).rejects.toBeInstanceOf(ExportError);
});
