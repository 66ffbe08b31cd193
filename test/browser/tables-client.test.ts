import {tableFromArrays, tableToIPC} from "apache-arrow";
import {table as arquero} from "arquero";
import {afterAll, expect, test} from "vitest";
import type {SqlError} from "../../src/tables/errors.ts";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db, DuckDBClient} = tables;
afterAll(() => tables.dispose());

const rows = async (query: Promise<Iterable<{toJSON(): object}>>) =>
  Array.from(await query, (row) => row.toJSON());

function file(name: string, content: string | Uint8Array) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {name, url: async () => "", arrayBuffer: async () => bytes.slice().buffer};
}

test("arrays of rows become tables with typed columns", async () => {
  const client = await DuckDBClient.of({
    data: [
      {n: 1, x: 0.5, s: "a'b", d: new Date(1763687000123), b: true, l: [1, 2], o: {k: 1}, big: 1n},
      {n: null, x: Number.NaN, s: null, d: null, b: false, l: null, o: null, big: 2n ** 60n, extra: "late"}
    ]
  });
  expect(await client.describeColumns({table: "data"})).toMatchObject([
    {name: "n", type: "integer", databaseType: "INTEGER"},
    {name: "x", type: "number"},
    {name: "s", type: "string"},
    {name: "d", type: "date"},
    {name: "b", type: "boolean"},
    {name: "l", type: "array", databaseType: "DOUBLE[]"},
    {name: "o", type: "string"},
    {name: "big", type: "bigint"},
    {name: "extra", type: "string"}
  ]);
  expect(
    await client.queryRow("SELECT n, x, s, d::VARCHAR AS d, b, l[2] AS l, o, big FROM data LIMIT 1")
  ).toEqual({
    n: 1,
    x: 0.5,
    s: "a'b",
    d: "2025-11-21 01:03:20.123",
    b: true,
    l: 2,
    o: '{"k":1}',
    big: 1
  });
  expect((await client.queryRow("SELECT x FROM data WHERE n IS NULL"))?.x).toBeNaN();
});

test("a result can be a source, and its times stay times", async () => {
  const result = await db.sql`SELECT TIMESTAMP '2025-11-21 01:03:20.123' AS time, 1::BIGINT AS x`;
  const client = await DuckDBClient.of({t: result, rows: {data: [...result]}});
  expect(await client.queryRow("SELECT time::VARCHAR AS time, x FROM t")).toEqual({
    time: "2025-11-21 01:03:20.123",
    x: 1
  });
  expect(await client.queryRow("SELECT x FROM rows")).toEqual({x: 1});
});

test("CSV, TSV, JSON, Arrow files, Arrow and Arquero tables and {data} are sources", async () => {
  const arrow = tableFromArrays({x: Int32Array.of(1, 2, 3)});
  const client = await DuckDBClient.of({
    csv: file("a.csv", "x,when\n1,2020-01-01\n2,2020-01-02\n"),
    tsv: file("a.tsv", "x\ty\n1\tb c\n"),
    json: file("a.json", '[{"x": 1}, {"x": 2.5}]'),
    stream: file("a.arrow", tableToIPC(arrow, "stream")),
    whole: file("b.arrow", tableToIPC(arrow, "file")),
    arrow,
    arquero: arquero({x: [1, 2]}),
    wrapped: {data: [{x: 1}]},
    semicolons: {file: file("c.csv", "x;y\n1;2\n"), delim: ";"}
  });
  const names = (await client.describeTables()).map(({name}) => name);
  expect(names).toEqual([
    "arquero",
    "arrow",
    "csv",
    "json",
    "semicolons",
    "stream",
    "tsv",
    "whole",
    "wrapped"
  ]);
  const counts = await Promise.all(
    names.map((name) => client.queryRow(`SELECT count(*) AS n FROM ${client.escape(name)}`))
  );
  expect(counts.map((row) => row?.n)).toEqual([2, 3, 2, 2, 1, 3, 1, 3, 1]);
  expect((await client.describeColumns({table: "csv"})).map(({type}) => type)).toEqual(["bigint", "date"]);
  expect(await client.queryRow("SELECT * FROM semicolons")).toEqual({x: 1, y: 2});
});

test("a Parquet file is a source", async () => {
  const {default: url} = await import("../fixtures/library/rows.parquet?url");
  const client = await DuckDBClient.of({
    attached: file("rows.parquet", new Uint8Array(await (await fetch(url)).arrayBuffer())),
    address: url
  });
  const counts = "SELECT (SELECT count(*) FROM attached) AS a, (SELECT count(*) FROM address) AS b";
  const row = await client.queryRow(counts);
  expect(row?.a).toBeGreaterThan(0);
  expect(row?.b).toBe(row?.a);
});

test("a column that DuckDB took for a number too early is read as text", async () => {
  const lines = Array.from({length: 30000}, (_, i) => i);
  const client = await DuckDBClient.of({late: file("late.csv", `x\n${lines.join("\n")}\nnot a number\n`)});
  expect(await client.queryRow("SELECT count(*) AS n, max(x) AS last FROM late")).toEqual({
    n: 30001,
    last: "not a number"
  });
});

test("clients do not see each other's tables", async () => {
  const [a, b] = await Promise.all([DuckDBClient.of({t: [{x: 1}]}), DuckDBClient.of({t: [{x: 2}]})]);
  expect([await a.queryRow("SELECT x FROM t"), await b.queryRow("SELECT x FROM t")]).toEqual([
    {x: 1},
    {x: 2}
  ]);
  await expect(db.sql`SELECT * FROM t`).rejects.toThrow("Table with name t does not exist");
});

test("a source that is nothing of these says what is expected", async () => {
  await expect(DuckDBClient.of({t: 5})).rejects.toThrow("t: expected a file, an array of rows");
  await expect(DuckDBClient.of({t: file("a.png", "")})).rejects.toThrow("a.png: expected a .csv");
});

test("whole numbers come as numbers where all are exact, else as BigInt", async () => {
  const table = await db.sql`SELECT x AS small, x + 9007199254740991 AS large, [x] AS list, {'y': x} AS struct
    FROM range(2) t(x)`;
  expect(Array.from(table, (row) => [row.small, row.large, [...row.list], row.struct.y])).toEqual([
    [0, 9007199254740991n, [0], 0],
    [1, 9007199254740992n, [1], 1]
  ]);
  expect(table.schema.fields[0].metadata.get("sql")).toBe("BIGINT");
});

test("values that Arrow gives as words and ticks are what people write", async () => {
  const table = await db.sql`SELECT unnest([TIME '10:00:00', NULL, TIME '23:59:59.000250']) AS time,
    unnest([INTERVAL 3 DAY, NULL, INTERVAL '1 year 2 months -1 days -3.5 seconds']) AS span,
    unnest([170141183460469231731687303715884105727, NULL, -9007199254740993::HUGEINT]) AS huge,
    unnest([1.50, NULL, -0.25]::DECIMAL(9, 2)[]) AS price, unnest([DATE '1969-12-31', NULL, '2024-01-01']) AS day,
    MAP {'a': 5::HUGEINT} AS map`;
  const none = {time: null, span: null, huge: null, price: null, day: null};
  expect(Array.from(table, ({map, ...row}) => ({...row, map: map.a}))).toEqual([
    {
      time: "10:00:00",
      span: "3 days",
      huge: 2n ** 127n - 1n,
      price: 1.5,
      day: new Date("1969-12-31"),
      map: 5
    },
    {...none, map: 5},
    {
      time: "23:59:59.00025",
      span: "1 year 2 months -1 day -00:00:03.5",
      huge: -9007199254740993n,
      price: -0.25,
      day: new Date("2024-01-01"),
      map: 5
    }
  ]);
  expect(table.schema.fields.map(({metadata}) => metadata.get("sql"))).toEqual([
    "TIME",
    "INTERVAL",
    undefined,
    "DECIMAL(9,2)",
    "DATE",
    undefined
  ]);
  const client = await DuckDBClient.of({t: table.select(["huge", "day"])});
  expect((await client.describeColumns({table: "t"})).map(({databaseType}) => databaseType)).toEqual([
    "DECIMAL(38,0)",
    "DATE"
  ]);
  expect(await client.queryRow("SELECT max(huge)::VARCHAR AS huge, max(day)::VARCHAR AS day FROM t")).toEqual(
    {
      huge: String(2n ** 127n - 1n),
      day: "2024-01-01"
    }
  );
});

test("NULL beside whole numbers stays null", async () => {
  expect(await rows(db.sql`SELECT unnest([1::BIGINT, NULL]) AS x`)).toEqual([{x: 1}, {x: null}]);
});

test("sums, averages and decimals are numbers", async () => {
  expect(
    await rows(db.sql`SELECT sum(x) AS s, avg(x) AS a, 1.25 AS d, count(*) AS n FROM range(4) t(x)`)
  ).toEqual([{s: 6, a: 1.5, d: 1.25, n: 4}]);
});

test("a statement without rows says which it was", async () => {
  const statement = async (sql: string) => (await db.query(sql)).schema.metadata.get("statement");
  expect(await statement("CREATE TABLE made AS SELECT 1 AS x")).toBe("CREATE");
  expect(await statement("INSERT INTO made VALUES (2), (3)")).toBe("INSERT");
  expect(await statement("SELECT count(*) AS Count FROM made")).toBeUndefined();
  expect(await statement("DELETE FROM made RETURNING x AS Count")).toBeUndefined();
});

test("ENUM columns have their words", async () => {
  await db.sql`CREATE TYPE mood AS ENUM ('so; so', 'it''s fine')`;
  expect(await rows(db.sql`SELECT 1; SELECT unnest(enum_range(NULL::mood)) AS m; -- done`)).toEqual([
    {m: "so; so"},
    {m: "it's fine"}
  ]);
  await db.sql`CREATE TABLE moods (m mood)`;
  const returned = db.sql`INSERT INTO moods VALUES ('so; so') RETURNING m`;
  await expect(returned).rejects.toThrow("cast it to VARCHAR");
});

test("an error says where it is in the SQL as it was written", async () => {
  const failure = (query: Promise<unknown>): Promise<SqlError> => query.then(String).catch((error) => error);
  expect(await failure(db.sql`SELECT '😀é',\n  nope FROM runs`)).toMatchObject({
    name: "SqlError",
    line: 2,
    column: 3
  });
  expect(await failure(db.sql`SELECT ${"long value"},\n  ${1}\n, nope FROM runs`)).toMatchObject({
    line: 3,
    column: 3
  });
  const afterValue = await failure(db.sql`SELECT\n ${"long value"}, nope FROM runs`);
  expect([afterValue.line, afterValue.column]).toEqual([2, undefined]);
  expect(await failure(db.sql`SELEC 1`)).toMatchObject({
    message: 'Parser Error: syntax error at or near "SELEC"',
    line: 1,
    column: 1
  });
  expect(await failure(db.sql`-- nothing`)).toMatchObject({message: "The SQL is empty."});
});

test.each([
  ["SELECT * FROM 'x.parquet'", /FileAttachment/],
  ["SELECT '{}'::JSON", /JSON/],
  ["SELECT date_trunc('day', now())", /cast to TIMESTAMP/]
])("%s, which needs an extension, fails with a way out and breaks nothing", async (sql, hint) => {
  const error = await db.query(sql).catch((error) => error);
  expect(error.name).toBe("SqlError");
  expect(error.hint).toMatch(hint);
  expect(await db.queryRow("SELECT date_trunc('day', now()::TIMESTAMP) > '2020-01-01' AS alive")).toEqual({
    alive: true
  });
});

test("a file and a value in the place of a table have a way out", async () => {
  const hint = (query: Promise<unknown>) => query.then(String).catch(({hint}) => hint);
  expect(await hint(db.sql`FROM 'data/my.csv'`)).toContain('{t: FileAttachment("data/my.csv")}');
  for (const value of [[{a: 1}], [1, 2], "runs", 5]) {
    expect(await hint(db.sql`SELECT * FROM ${value}`)).toContain("db.ident(name)");
  }
  expect(await hint(db.sql`SELECT * FROM ${db.ident("nope")}`)).toBeUndefined();
  expect(await hint(db.sql`SELEC 1 FROM runs WHERE 1 = ${1}`)).toBeUndefined();
});

test.each([
  ["an aggregate", "SELECT count(*) FROM range(100000000000) t(x) WHERE x % 7 = 3"],
  ["a scan that finds nothing", "SELECT * FROM range(100000000000) t(x) WHERE x = -1"]
])("%s is cancelled by its signal, and the database goes on", async (_, sql) => {
  const controller = new AbortController();
  const query = db.withSignal(controller.signal).query(sql);
  const outcome = query.catch((error) => error);
  await db.queryRow("SELECT 1 AS x"); // answered while the long one is running
  const asked = performance.now();
  controller.abort();
  expect((await outcome).name).toBe("AbortError");
  expect(performance.now() - asked).toBeLessThan(1000);
  expect(await db.queryRow("SELECT 1 AS x")).toEqual({x: 1});
});

test("a signal that was aborted before runs nothing", async () => {
  await expect(db.withSignal(AbortSignal.abort()).sql`CREATE TABLE never AS SELECT 1`).rejects.toThrow(
    /abort/i
  );
  await expect(db.sql`SELECT * FROM never`).rejects.toThrow("does not exist");
});

test("a stream gives batches of rows as they are made and can be left early", async () => {
  const {readRows: readDates} = await db.queryStream(
    "SELECT DATE '2024-01-01' AS day, 1.5 AS x, 2::HUGEINT AS n"
  );
  for await (const [row] of readDates())
    expect({...row}).toEqual({day: new Date("2024-01-01"), x: 1.5, n: 2});
  const {schema, readRows} = await db.queryStream("SELECT x FROM range(?) t(x)", [100000]);
  expect(schema.fields.map(({name}) => name)).toEqual(["x"]);
  let seen = 0;
  for await (const batch of readRows()) {
    seen += batch.length;
    if (seen > 5000) break;
  }
  expect(seen).toBeGreaterThan(5000);
  expect(seen).toBeLessThan(100000);
});
