import {expect, test} from "vitest";
import {startingWith} from "../../src/runtime/generators.ts";
import {type TestInput, TestSession} from "./harness.ts";

/** A client that answers with the query's text, and notes it. */
function client(note: (value: unknown) => unknown) {
  return {
    sql: (strings: TemplateStringsArray, ...values: unknown[]) =>
      Promise.resolve(note(String.raw(strings, ...values)))
  };
}

/** A table that says when it changed. */
class Changes {
  #wake: () => void = () => {};
  readonly asked: string[] = [];

  of = (name: string): AsyncIterable<number> => {
    this.asked.push(name);
    const self = this;
    return (async function* () {
      for (let i = 1; ; i++) {
        await new Promise<void>((resolve) => {
          self.#wake = resolve;
        });
        yield i;
      }
    })();
  };

  touch(): void {
    this.#wake();
  }
}

const never = () => ({next: () => new Promise<never>(() => {})});

function session(specs: ConstructorParameters<typeof TestSession>[0], changes = new Changes()): TestSession {
  const t: TestSession = new TestSession(specs, {
    builtins: {db: () => client(t.note), __grid: () => (rows: unknown) => ({grid: rows, value: rows})},
    cellBuiltins: {train: () => () => "run"},
    tableChanges: changes.of,
    knownTables: new Map([
      ["runs", ["runs"]],
      ["metrics", ["metrics"]],
      ["run_metrics", ["runs", "metrics"]],
      ["curve()", ["metrics"]],
      ["cell_execs", []]
    ]),
    input: (element) => startingWith((element as TestInput).value, {[Symbol.asyncIterator]: never})
  });
  return t;
}

test("a query is shown as a grid whose rows are its name's value", async () => {
  const t = await session([
    [1, "SELECT ${k}", "sql", {output: "rows"}],
    [2, "rows"],
    [3, "SELECT 2", "sql", {output: "hidden", hidden: true}],
    [4, "hidden"],
    [5, "const k = 1;"]
  ]).run();
  expect(t.shown(1)).toEqual([{grid: "SELECT 1", value: "SELECT 1"}]);
  expect(t.shown(2)).toEqual(["SELECT 1"]);
  expect(t.shown(3)).toEqual([]);
  expect(t.shown(4)).toEqual(["SELECT 2"]);
});

test("a query that no other cell can read is only shown, where its client can do that", async () => {
  const client = `({
    sql: async (strings) => "all of " + strings.join(),
    show: async (strings) => "windows of " + strings.join()
  })`;
  const t = await session([
    [1, `const own = ${client}`],
    [2, "FROM a", "sql", {database: "var:own"}],
    [3, "FROM b", "sql", {database: "var:own", output: "b"}],
    [4, "FROM c", "sql", {database: "var:own", hidden: true, output: "c"}],
    [5, "c"]
  ]).run();
  expect(t.shown(2)).toEqual([{grid: "windows of FROM a", value: "windows of FROM a"}]);
  expect(t.shown(3)).toEqual([{grid: "all of FROM b", value: "all of FROM b"}]);
  expect(t.shown(5)).toEqual(["all of FROM c"]);
});

test("a query of runs computes again when runs changes", async () => {
  const changes = new Changes();
  const t = await session(
    [
      [1, "FROM runs", "sql"],
      [2, "FROM other", "sql"],
      [3, "db.sql`FROM runs LIMIT 1`"]
    ],
    changes
  ).run();
  expect(changes.asked).toEqual(["runs"]);
  expect(t.session.status(1)?.references).toEqual(["db", "table:runs"]);
  t.take();
  changes.touch();
  await t.session.settled();
  expect(t.take().sort()).toEqual(["FROM runs", "FROM runs LIMIT 1"]);
});

test("a query of a view or macro computes again when a table beneath changes", async () => {
  const changes = new Changes();
  const t = await session([[1, "FROM curve('a', 'loss')", "sql"]], changes).run();
  expect(changes.asked).toEqual(["metrics"]);
  t.take();
  changes.touch();
  await t.session.settled();
  expect(t.take()).toEqual(["FROM curve('a', 'loss')"]);
  await t.rerun(1, "FROM run_metrics");
  expect(changes.asked).toEqual(["metrics", "runs"]);
});

test("a query of what evaluations write does not wake itself", async () => {
  const changes = new Changes();
  const t = await session([[1, "FROM cell_execs", "sql"]], changes).run();
  expect(t.take()).toEqual(["FROM cell_execs"]);
  expect(changes.asked).toEqual([]);
});

test("a statement that would change a known table makes nothing of it, so that its readers do not wait or fail", async () => {
  const t = await session([
    [1, "FROM runs", "sql"],
    [2, "DELETE FROM runs WHERE ${nothing}", "sql"],
    [3, "CREATE OR REPLACE MACRO curve(n) AS TABLE FROM range(n, ${nothing})", "sql"],
    [4, "FROM curve('a', 'loss')", "sql"],
    [5, "await db.sql`TRUNCATE metrics`; nothing"]
  ]).run();
  expect([2, 3, 5].map((id) => t.failure(id)?.message)).toEqual(Array(3).fill("nothing is not defined"));
  expect([1, 4].map((id) => t.failure(id))).toEqual([null, null]);
  expect(t.session.graph().filter(({from}) => from !== null)).toEqual([]);
});

test("a known table's name is any other's where a cell defines db", async () => {
  const t = session([
    [1, "FROM runs", "sql"],
    [2, "CREATE TABLE runs AS SELECT 1", "sql"],
    [3, "const db = ({sql: async (strings) => strings.join()})"]
  ]);
  await t.run();
  expect(t.session.graph()).toContainEqual({from: 2, to: 1, name: "table:runs"});
});

test("a query waits for the cell that creates its macro", async () => {
  const t = await session([
    [1, "FROM mine(3)", "sql"],
    [2, "CREATE MACRO mine(n) AS TABLE FROM range(n)", "sql"]
  ]).run();
  expect(t.take()).toEqual(["CREATE MACRO mine(n) AS TABLE FROM range(n)", "FROM mine(3)"]);
});

test("a cell that trains is not started again by its own rows", async () => {
  const changes = new Changes();
  await session([[1, "train(() => 1, await db.sql`FROM runs`)"]], changes).run();
  expect(changes.asked).toEqual([]);
});

test("runs of a client of one's own is another table", async () => {
  const changes = new Changes();
  const t = session(
    [
      [1, "FROM runs", "sql"],
      [2, "const db = own;"]
    ],
    changes
  );
  await t.run();
  expect(changes.asked).toEqual([]);
});

test("a query waits for the cell that creates its table, and follows it", async () => {
  const t = session([
    [1, "SELECT * FROM best WHERE x > 1", "sql"],
    [2, "CREATE VIEW best AS SELECT * FROM base", "sql"],
    [3, "CREATE TABLE base AS SELECT ${k} AS x", "sql"],
    [4, "const k = 1;"]
  ]);
  await t.run();
  expect(t.take()).toEqual([
    "CREATE TABLE base AS SELECT 1 AS x",
    "CREATE VIEW best AS SELECT * FROM base",
    "SELECT * FROM best WHERE x > 1"
  ]);
  await t.rerun(4, "const k = 2;");
  expect(t.take()).toHaveLength(3);
  expect(t.session.graph()).toContainEqual({from: 2, to: 1, name: "table:best"});
});

test("a query of a table whose cell failed names the table as it was written", async () => {
  const t = await session([
    [1, "SELECT * FROM best", "sql"],
    [2, "CREATE TABLE best AS SELECT ${nothing}", "sql"]
  ]).run();
  expect(t.failure(1)).toMatchObject({hint: "best comes from cell 2, which failed.", cells: [2]});
});

test("a query follows the cells that insert into its table", async () => {
  const t = session([
    [1, "SELECT count(*) FROM t", "sql"],
    [2, "INSERT INTO t VALUES (${k})", "sql"],
    [3, "CREATE TABLE t (x INT)", "sql"],
    [4, "const k = 1;"]
  ]);
  await t.run();
  expect(t.take()).toEqual(["CREATE TABLE t (x INT)", "INSERT INTO t VALUES (1)", "SELECT count(*) FROM t"]);
  await t.rerun(4, "const k = 2;");
  expect(t.take()).toEqual(["INSERT INTO t VALUES (2)", "SELECT count(*) FROM t"]);
});

test("a table that comes later makes its readers wait for it", async () => {
  const t = await session([
    [1, "FROM late", "sql"],
    [2, "1"]
  ]).run();
  t.take();
  await t.rerun(2, {value: "CREATE TABLE late AS SELECT 1", mode: "sql"});
  expect(t.take()).toEqual(["CREATE TABLE late AS SELECT 1", "FROM late"]);
});

test("comments and blanks of a query re-run nothing", async () => {
  const t = await session([[1, "SELECT 'a  b' AS x -- why\nFROM other", "sql"]]).run();
  t.take();
  await t.rerun(1, "SELECT 'a  b' AS x\n\n  FROM other /* because */");
  expect(t.take()).toEqual([]);
  await t.rerun(1, "SELECT 'a b' AS x FROM other");
  expect(t.take()).toHaveLength(1);
});
