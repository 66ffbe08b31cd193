import {afterAll, beforeAll, expect, test} from "vitest";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

/** The workers of the engines that were started. */
const workers: Worker[] = [];
const {Worker: PlainWorker} = globalThis;
globalThis.Worker = class extends PlainWorker {
  constructor(...options: ConstructorParameters<typeof PlainWorker>) {
    super(...options);
    workers.push(this);
  }
};
const lastWorker = (): Worker => workers[workers.length - 1];
const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href,
  silenceMs: 4000
});
const {db, sink} = tables;
beforeAll(() => db.query("SELECT 1"));
afterAll(() => tables.dispose());

/** Ends the engine in the way of a worker that reports it. */
const fail = (message = "out of memory") =>
  lastWorker().dispatchEvent(new ErrorEvent("error", {message, cancelable: true}));

const failure = (promise: Promise<unknown>) => promise.then(String, (error) => error);

/** A query that runs until it is ended. */
const endless = "SELECT count(*) AS n FROM range(100000000000) t(x) WHERE x % 7 = 3";

test("an engine that dies without a word is noticed, started again, and a query that reads is asked again", async () => {
  expect(await db.queryRow("SELECT 1 AS x")).toEqual({x: 1});
  await db.query("CREATE TABLE made AS SELECT 5 AS y");
  const before = workers.length;
  lastWorker().terminate();
  expect(await db.queryRow("SELECT 2 AS x")).toEqual({x: 2});
  expect(workers.length).toBe(before + 1);
  await expect(db.query("FROM made")).rejects.toThrow("does not exist");
}, 60_000);

test("a statement that changes something is not repeated, and says so", async () => {
  await db.queryRow("SELECT 1 AS x");
  lastWorker().terminate();
  const error = await failure(db.query("CREATE TABLE twice AS SELECT 1"));
  expect(error).toMatchObject({name: "InterruptedError"});
  expect(error.message).toMatch(/did not answer for 4 s.*tables that cells made are gone/s);
  expect(await db.queryRow("SELECT count(*) AS n FROM duckdb_tables() WHERE table_name = 'twice'")).toEqual({
    n: 0
  });
});

test("what a table of the cells' own was asked for says that it is gone, and not that it never was", async () => {
  await db.query("CREATE TABLE mine AS SELECT 1 AS x");
  const asked = failure(db.query("SELECT * FROM mine, range(100000000000)"));
  await db.queryRow("SELECT 1 AS x");
  fail();
  expect(await asked).toMatchObject({name: "InterruptedError"});
});

test("a worker that fails ends the statements it had, at once", async () => {
  await db.queryRow("SELECT 1 AS x");
  const outcome = failure(db.query(`CREATE TABLE never AS ${endless}`));
  await db.queryRow("SELECT 1 AS x");
  fail();
  expect(await outcome).toMatchObject({
    name: "InterruptedError",
    message: expect.stringContaining("out of memory")
  });
  expect(await db.queryRow("SELECT 3 AS x")).toEqual({x: 3});
});

test("a trap ends the engine; the statement that trapped says so, another one that reads is asked again", async () => {
  await db.queryRow("SELECT 1 AS x");
  const worker = lastWorker();
  const post = worker.postMessage.bind(worker);
  // The worker answers the statement that is marked as wasm would when it broke.
  worker.postMessage = ((message: {messageId: number; data: unknown}, transfer: Transferable[]) => {
    if (!JSON.stringify(message.data ?? "").includes("'trapped'")) return post(message, transfer);
    const data = {name: "RuntimeError", message: "memory access out of bounds", stack: ""};
    worker.dispatchEvent(
      new MessageEvent("message", {data: {requestId: message.messageId, type: "ERROR", data}})
    );
  }) as Worker["postMessage"];
  const started = workers.length;
  const other = db.queryRow("SELECT count(*) AS n FROM range(20000000) t(x) WHERE x % 7 = 3");
  await db.queryRow("SELECT 1 AS x");
  const error = await failure(db.query("SELECT 'trapped'"));
  expect(error).toMatchObject({
    name: "EngineError",
    message: expect.stringContaining("memory access out of bounds")
  });
  expect(await other).toEqual({n: 2857143});
  expect(workers.length).toBe(started + 1);
});

test("words of a trap in an error of SQL's own end nothing", async () => {
  const started = workers.length;
  await expect(db.query("SELECT error('RuntimeError: unreachable')")).rejects.toThrow("unreachable");
  expect(await db.queryRow("SELECT 4 AS x")).toEqual({x: 4});
  expect(workers.length).toBe(started);
});

test("a view is made again on the engine that came after", async () => {
  const view = await db.view`SELECT i FROM range(100) t(i)`;
  fail();
  const window = await view.window({offset: 98, limit: 5});
  expect(window.toArray().map(({i}) => i)).toEqual([98, 99]);
});

test("the tables of the store are there again", async () => {
  tables.write("systems", [
    {id: "s1", family: "kan", title: "t", export: "e", notebook: "", test: "", verdict: ""}
  ]);
  await sink.flush();
  expect(await db.queryRow("SELECT count(*) AS n FROM systems")).toEqual({n: 1});
  fail();
  expect(await db.queryRow("SELECT count(*) AS n FROM systems")).toEqual({n: 1});
});

test("a long statement is not taken for silence", async () => {
  const started = workers.length;
  const controller = new AbortController();
  const outcome = failure(db.withSignal(controller.signal).query(endless));
  const heard = Date.now();
  while (Date.now() - heard < 6000) await db.queryRow("SELECT 1 AS x");
  controller.abort();
  expect(await outcome).toMatchObject({name: "AbortError"});
  expect(workers.length).toBe(started);
});

test.each<[string, (client: typeof db) => Promise<unknown>]>([
  ["a query", (client) => client.query("SELECT 1")],
  ["a view", (client) => client.view`SELECT 1`],
  ["a result to be shown", (client) => client.show`SELECT 1`],
  ["a stream", (client) => client.queryStream("SELECT 1")]
])("%s is cancelled while the engine starts again", async (_, ask) => {
  await db.queryRow("SELECT 1 AS x");
  fail();
  const controller = new AbortController();
  const outcome = failure(ask(db.withSignal(controller.signal)));
  const loading = db.queryRow("SELECT 1 AS x");
  controller.abort();
  const first = await Promise.race([outcome, loading]);
  expect(first).toMatchObject({name: "AbortError"});
  await loading;
});
