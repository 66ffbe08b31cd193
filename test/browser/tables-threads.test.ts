import {afterAll, expect, test} from "vitest";
import {DuckDBClient} from "../../src/tables/client.ts";
import {Database} from "../../src/tables/database.ts";

const extensionRepository = new URL("duckdb-ext", location.href).href;
const starting = new Map<number, Promise<Database>>();

/** A client of an engine with at most so many threads. */
const client = (threads: number) =>
  new DuckDBClient(() => {
    const database = starting.get(threads) ?? Database.start({extensionRepository, threads});
    starting.set(threads, database);
    return database;
  });

afterAll(async () => {
  for (const database of starting.values()) await (await database).dispose();
});

const endless = "range(1000000000000)";

/** Statements that take for ever, each at another thing. */
const statements = [
  `SELECT count(*) FROM ${endless} t(x) WHERE x % 7 = 3`,
  `SELECT x % 100000 AS k, count(*) FROM ${endless} t(x) GROUP BY k`,
  `SELECT x FROM ${endless} t(x) WHERE x = -1`,
  `SELECT sum(x * y) FROM range(10000000) t(x), range(100000) s(y)`,
  `CREATE TABLE never AS SELECT sum(x) OVER (PARTITION BY x % 5) FROM ${endless} t(x)`
];

test("a page that is isolated computes on several threads, where that is wanted", async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(await client(3).queryRow("SELECT current_setting('threads') AS n")).toEqual({n: 3});
  expect(await client(1).queryRow("SELECT current_setting('threads') AS n")).toEqual({n: 1});
});

test.each([1, 3])(
  "every kind of statement stops, and the engine of %s threads goes on at once",
  async (threads) => {
    const db = client(threads);
    for (const [i, statement] of [...statements, ...statements].entries()) {
      const controller = new AbortController();
      const cancellable = db.withSignal(controller.signal);
      const asked = i % 2 === 0 ? cancellable.query(statement) : cancellable.queryStream(statement);
      const outcome = asked.then(String, (error) =>
        error.name === "AbortError" ? "stopped" : String(error)
      );
      await db.queryRow("SELECT 1 AS x"); // answered while the other one runs
      controller.abort();
      expect(await outcome).toBe("stopped");
      expect(await db.queryRow("SELECT 2 AS x")).toEqual({x: 2});
    }
  }
);

test("an error in one of the threads is an error of the statement", async () => {
  const db = client(3);
  await db.query(
    "CREATE TABLE t AS SELECT i, CASE WHEN i = 1900000 THEN 'odd' ELSE '1' END AS s FROM range(2000000) t(i)"
  );
  await expect(db.query("SELECT sum(CAST(s AS INTEGER)) FROM t")).rejects.toThrow(
    "Could not convert string 'odd'"
  );
  expect(await db.queryRow("SELECT count(*) AS n, sum(i) AS sum FROM t")).toEqual({
    n: 2_000_000,
    sum: 1999999000000
  });
});

test("rows keep their order", async () => {
  const view = await client(3).view`SELECT i FROM t WHERE i % 2 = 0`;
  const window = await view.window({offset: 900_000, limit: 3});
  expect(window.toArray().map(({i}) => i)).toEqual([1_800_000, 1_800_002, 1_800_004]);
});

test("how many threads there are stays", async () => {
  await expect(client(3).query("SET threads = 1")).rejects.toThrow("settled when it starts");
});
