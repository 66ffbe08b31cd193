import {Table} from "apache-arrow";
import {afterAll, expect, test} from "vitest";
import {DuckDBClient} from "../../src/tables/client.ts";
import {Database} from "../../src/tables/database.ts";
import type {Filter, Order, TableView} from "../../src/tables/view-types.ts";

const extensionRepository = new URL("duckdb-ext", location.href).href;
let starting: Promise<Database> | null = null;
const open = async (): Promise<Database> => {
  if ((await starting)?.lost) starting = null;
  starting ??= Database.start({extensionRepository});
  return starting;
};
const db = new DuckDBClient(open);
afterAll(async () => (await starting)?.dispose());

const rows = (table: Table) => table.toArray().map((row) => ({...row}));
/** How many views keep rows with a column of this name. */
const views = async (column: string) => {
  const count =
    "SELECT count(*) AS n FROM duckdb_columns() WHERE database_name = '__views' AND column_name = ?";
  return (await db.queryRow(count, [column]))?.n;
};

const mixed = () => db.view`SELECT * FROM (VALUES
  (1, 'b', 0.5::DOUBLE, TIMESTAMP '2024-01-01', true, ['x']),
  (2, 'A', 'nan', TIMESTAMP '2024-06-01 12:00:00', false, ['y', 'z']),
  (3, NULL, -1, NULL, NULL, NULL),
  (4, 'a''c', 'inf', TIMESTAMP '1969-12-31', true, [])) t(id, word, x, "at", flag, list)`;

test("a view gives its columns, its size and windows of its rows", async () => {
  const view = await db.view`SELECT i, 'r' || i AS name FROM range(${50_000}) t(i)`;
  expect(view.columns).toEqual([
    {name: "i", type: "BIGINT"},
    {name: "name", type: "VARCHAR"}
  ]);
  expect([view.rowCount, view.truncated]).toEqual([50_000, false]);
  expect(rows(await view.window({offset: 49_998, limit: 5}))).toEqual([
    {i: 49_998, name: "r49998"},
    {i: 49_999, name: "r49999"}
  ]);
  expect(rows(await view.window({offset: 7, limit: 1, columns: ["name"]}))).toEqual([{name: "r7"}]);
  await expect(view.window({offset: 0, limit: 1, columns: ["nope"]})).rejects.toThrow(
    'no column "nope"; there are i, name'
  );
});

test("rows are sorted in the database, blanks last, also far down", async () => {
  const view = await mixed();
  const ids = async (...orderBy: Order[]) =>
    rows(await view.window({offset: 0, limit: 9, orderBy, columns: ["id"]})).map(({id}) => id);
  expect(await ids({column: "x", descending: false})).toEqual([3, 1, 4, 2]);
  expect(await ids({column: "x", descending: true})).toEqual([4, 1, 3, 2]);
  expect(await ids({column: "flag", descending: true}, {column: "id", descending: true})).toEqual([
    4, 1, 2, 3
  ]);
  expect(await ids({column: "word", descending: false})).toEqual([2, 4, 1, 3]);
  const long = await db.view`SELECT i, (i * 7919) % 300007 AS x FROM range(300007) t(i)`;
  const orderBy = [{column: "x", descending: true}];
  expect(
    rows(await long.window({offset: 250_000, limit: 3, orderBy, columns: ["x"]})).map(({x}) => x)
  ).toEqual([50_006, 50_005, 50_004]);
  const where: Filter[] = [{column: "x", op: "<", value: 100_000}];
  expect(
    rows(await long.window({offset: 90_000, limit: 2, orderBy, where, columns: ["x"]})).map(({x}) => x)
  ).toEqual([9999, 9998]);
  const found = Array.from({length: 300_007}, (_, i) => i).filter((i) => (i * 7919) % 300_007 < 100_000);
  const last = await long.window({offset: found.length - 2, limit: 5, where, columns: ["i"]});
  expect(rows(last).map(({i}) => i)).toEqual(found.slice(-2));
});

test.each<[string, Filter, number[]]>([
  ["a number", {column: "id", op: "=", value: 2}, [2]],
  ["NaN", {column: "x", op: "=", value: Number.NaN}, [2]],
  ["not a number", {column: "id", op: "!=", value: 2}, [1, 3, 4]],
  ["NULL", {column: "word", op: "=", value: null}, [3]],
  ["a range", {column: "x", op: "between", low: -1, high: 0.5}, [1, 3]],
  ["infinity", {column: "x", op: ">=", value: Infinity}, [2, 4]],
  ["a date", {column: "at", op: ">=", value: new Date("2024-01-01")}, [1, 2]],
  ["milliseconds", {column: "at", op: "<", value: 0}, [4]],
  ["a date as text", {column: "at", op: ">", value: "2024-01-02"}, [2]],
  ["one of some words", {column: "word", op: "in", values: ["a'c", "A"]}, [2, 4]],
  ["one of some, and NULL", {column: "word", op: "in", values: ["b", null]}, [1, 3]],
  ["one of none", {column: "word", op: "in", values: []}, []],
  ["the text of a truth value", {column: "flag", op: "in", values: ["true"]}, [1, 4]],
  ["the text of a list", {column: "list", op: "=", value: "[y, z]"}, [2]],
  ["a part of a word", {column: "word", op: "contains", text: "a"}, [2, 4]],
  ["a part that SQL has signs for", {column: "word", op: "contains", text: "%' OR 1=1 --"}, []],
  ["a part of a date", {column: "at", op: "contains", text: "2024-"}, [1, 2]],
  ["no value", {column: "list", op: "null"}, [3]],
  ["a value", {column: "list", op: "not null"}, [1, 2, 4]]
])("rows are found by %s", async (_, filter, ids) => {
  const view = await mixed();
  const found = await view.window({offset: 0, limit: 9, where: [filter]});
  expect(rows(found).map(({id}) => id)).toEqual(ids);
  expect(await view.count([filter])).toBe(ids.length);
});

test("conditions are joined, and a view comes whole when it is asked to", async () => {
  const view = await mixed();
  const where: Filter[] = [
    {column: "flag", op: "=", value: true},
    {column: "id", op: ">", value: 1}
  ];
  expect(await view.count(where)).toBe(1);
  expect(rows(await view.toArrow({where, columns: ["word"]}))).toEqual([{word: "a'c"}]);
  expect((await view.toArrow({orderBy: [{column: "id", descending: true}]})).getChild("id")?.get(0)).toBe(4);
});

test("a column of numbers has a histogram, one of words its most frequent ones", async () => {
  const view =
    await db.view`SELECT CASE WHEN i % 100 = 0 THEN 'nan'::DOUBLE WHEN i % 100 = 1 THEN NULL WHEN i = 2 THEN 'inf'::DOUBLE
    ELSE i / 10 END AS x, 'w' || (i % 3) AS word, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS at, 5 AS same, [i] AS list FROM range(1000) t(i)`;
  const x = await view.summarize("x");
  expect(x).toMatchObject({rows: 1000, nulls: 10, histogram: {low: 0.3, high: 99.9, nans: 10}});
  expect(x.histogram?.counts.reduce((a, b) => a + b)).toBe(979);
  expect(Math.max(...(x.histogram?.counts ?? []))).toBeLessThan(50);
  expect((await view.summarize("at")).histogram).toMatchObject({
    low: Date.UTC(2024, 0, 1),
    high: Date.UTC(2024, 0, 1, 0, 16, 39)
  });
  expect((await view.summarize("same")).histogram).toEqual({low: 5, high: 5, counts: [1000], nans: 0});
  expect((await view.summarize("word")).top).toEqual([
    {value: "w0", count: 334},
    {value: "w1", count: 333},
    {value: "w2", count: 333}
  ]);
  const some = await view.summarize("word", [{column: "word", op: "=", value: "w1"}]);
  expect(some).toMatchObject({rows: 333, distinct: 1, top: [{value: "w1", count: 333}]});
  expect((await view.summarize("list")).top?.[0]).toEqual({value: "[0]", count: 1});
});

test("a small result is shown whole, a large one as a view of it, and only queries that do nothing run twice", async () => {
  const small = await db.show`SELECT * FROM range(10000) t(i)`;
  expect(small).toBeInstanceOf(Table);
  const large = (await db.show`SELECT i FROM range(${10_001}) t(i)`) as TableView;
  expect(large.rowCount).toBe(10_001);
  await db.query("CREATE SEQUENCE counted");
  expect(await db.show`SELECT nextval('counted') AS n FROM range(20000)`).toBeInstanceOf(Table);
  expect((await db.queryRow("SELECT nextval('counted') AS n"))?.n).toBe(20_001);
  expect(await db.show`CREATE TABLE shown AS SELECT * FROM range(20000) t(i)`).toBeInstanceOf(Table);
  expect(await db.show`SELECT 1; SELECT i FROM shown`).toBeInstanceOf(Table);
  expect(await db.show`EXPLAIN SELECT 1`).toBeInstanceOf(Table);
});

test.each([
  "SELECT 1 AS a, 2 AS a; -- the end; of it",
  "FROM range(3) t(a)",
  "VALUES (1), (2)",
  "(SELECT 1 AS a)",
  "WITH x AS (SELECT 1 AS a) SELECT * FROM x /* ; */ ;",
  "SET VARIABLE v = 5; SELECT getvariable('v') AS a",
  "PIVOT (SELECT 1 AS id, 'a' AS k, 2.5 AS v UNION ALL SELECT 1, 'b', 3.5) ON k USING max(v)",
  "SELECT NULL AS nothing, [] AS list, {'a': MAP {'k': 1}} AS nested, 1::HUGEINT AS huge, 'x'::BLOB AS bytes"
])("%s can be a view", async (sql) => {
  const whole = await db.query(sql);
  const view = await db.view([sql]);
  expect(view.rowCount).toBe(whole.numRows);
  expect(view.columns).toHaveLength(whole.schema.fields.length);
  expect((await view.window({offset: 0, limit: 5})).numRows).toBe(whole.numRows);
});

test("what is no query, is wrong, or would change the store makes no view", async () => {
  await expect(db.view`CREATE TABLE no AS SELECT 1`).rejects.toThrow("A view is made of a query");
  await expect(db.view`SELECT 1; DELETE FROM metrics; SELECT 2`).rejects.toThrow("written by training");
  const error = await db.view`SELECT\n  nope FROM range(3)`.then(String, (error) => error);
  expect(error).toMatchObject({name: "SqlError", line: 2, column: 3});
  expect(error.message).toContain("nope");
});

test("rows go with dispose, and come again when they are asked for", async () => {
  const view = await db.view`SELECT 5 AS disposed`;
  expect(await views("disposed")).toBe(1);
  view.dispose();
  await expect.poll(() => views("disposed")).toBe(0);
  expect(rows(await view.window({offset: 0, limit: 1}))).toEqual([{disposed: 5}]);
});

test("rows of an evaluation that is over go when the next view is made", async () => {
  const controller = new AbortController();
  const old = await db.withSignal(controller.signal).view`SELECT 1 AS abandoned`;
  controller.abort();
  expect(rows(await old.window({offset: 0, limit: 1}))).toEqual([{abandoned: 1}]);
  expect(await views("abandoned")).toBe(1);
  const next = await db.view`SELECT 2 AS next`;
  await expect.poll(() => views("abandoned")).toBe(0);
  expect([old.rowCount, next.rowCount]).toEqual([1, 1]);
});

test("a view that is cancelled while it is made leaves nothing behind", async () => {
  const controller = new AbortController();
  const cancellable = db.withSignal(controller.signal);
  const making = cancellable.view`SELECT x AS cancelled FROM range(100000000000) t(x) WHERE x % 7 = 3`;
  const outcome = making.then(String, ({name}) => name);
  await db.query("SELECT 1");
  controller.abort();
  expect(await outcome).toBe("AbortError");
  expect(await views("cancelled")).toBe(0);
});
