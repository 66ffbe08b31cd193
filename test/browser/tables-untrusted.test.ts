import {tableFromArrays, tableToIPC} from "apache-arrow";
import {afterAll, expect, test} from "vitest";
import {Tables} from "../../src/tables/open.ts";
import {sqlQuery} from "../../src/tables/sql-text.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href,
  trusted: false
});
const {db, DuckDBClient, sink} = tables;
afterAll(() => tables.dispose());

function file(name: string, content: string | Uint8Array) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {name, url: async () => "", arrayBuffer: async () => bytes.slice().buffer};
}

test.each([
  "ATTACH 'x.db' AS x",
  "ATTACH 'https://example.org/x.db' AS x",
  "CREATE TABLE t (x INTEGER); COPY t FROM 'x.csv'",
  "IMPORT DATABASE 'x'",
  "LOAD parquet",
  "SELECT * FROM read_csv('https://example.org/x.csv')",
  "SELECT * FROM read_csv('x.csv')",
  "SELECT * FROM 'https://example.org/x.csv'",
  "SELECT * FROM read_text('given/../x')",
  "SELECT * FROM read_blob('opfs://petri/x')",
  "SELECT * FROM glob('*')",
  "SET enable_external_access = true",
  "SET GLOBAL memory_limit = '1GB'",
  "SET lock_configuration = false",
  "SET custom_extension_repository = 'https://example.org'",
  "SET allowed_directories = ['/']",
  "RESET enable_external_access"
])("%s is refused, and the error says why", async (sql) => {
  const error = await db.query(sql).catch((error) => error);
  expect(error).toMatchObject({name: "SqlError", hint: expect.stringContaining("not trusted")});
});

test.each([
  "COPY (SELECT 1 AS x) TO 'x.csv'",
  "COPY (SELECT 1 AS x) TO 'opfs://x.csv'",
  "EXPORT DATABASE 'x'"
])("%s is refused as everywhere, and by the engine too", async (sql) => {
  const error = await db.query(sql).catch((error) => error);
  expect(error).toMatchObject({
    name: "SqlError",
    line: 1,
    column: 1,
    hint: expect.stringContaining("Parquet")
  });
  // No statement of a cell gets past the guard.
  const engine = await tables["open"]();
  const refused = await engine.query(sqlQuery(sql), {}).catch((error) => error);
  expect(refused).toMatchObject({name: "SqlError", hint: expect.stringContaining("not trusted")});
});

test("queries, tables, views, variables and the store work as ever", async () => {
  expect(
    await db.queryRow("SET VARIABLE v = 2; SELECT getvariable('v') AS v, count(*) AS n FROM runs")
  ).toEqual({
    v: 2,
    n: 0
  });
  tables.write("systems", [
    {id: "s1", family: "kan", title: "t", export: "e", notebook: "", test: "", verdict: ""}
  ]);
  await sink.flush();
  expect(await db.queryRow("SELECT title FROM systems")).toEqual({title: "t"});
  await db.sql`CREATE TABLE mine AS SELECT ${"x"} AS x; INSERT INTO mine VALUES (${"y"})`;
  const view = await db.view`FROM mine ORDER BY x DESC`;
  expect((await view.window({offset: 0, limit: 9})).toArray().map(({x}) => x)).toEqual(["y", "x"]);
  expect((await view.summarize("x")).distinct).toBe(2);
});

test("files and rows that the notebook gives become tables", async () => {
  const client = await DuckDBClient.of({
    csv: file("a.csv", "x,y\n1,2\n"),
    late: file("late.csv", `x\n${Array.from({length: 30000}, (_, i) => i).join("\n")}\nno number\n`),
    tsv: file("a.tsv", "x\ty\n1\tb c\n"),
    json: file("a.json", '[{"x": 1}]'),
    arrow: file("a.arrow", tableToIPC(tableFromArrays({x: Int32Array.of(1)}), "stream")),
    rows: [{x: 1}]
  });
  const names = (await client.describeTables()).map(({name}) => name);
  expect(names).toEqual(["arrow", "csv", "json", "late", "rows", "tsv"]);
  expect(await client.queryRow("SELECT max(x) AS x FROM late")).toEqual({x: "no number"});
  expect(await client.queryRow("SELECT y FROM csv")).toEqual({y: 2});
});

test("trust can be given and taken, which starts the engine again", async () => {
  await db.query("CREATE TABLE before AS SELECT 1");
  tables.trust(true);
  await db.query("SET memory_limit = '1GB'");
  await expect(db.query("FROM before")).rejects.toThrow("does not exist");
  expect(await db.queryRow("SELECT title FROM systems")).toEqual({title: "t"});
  tables.trust(false);
  await expect(db.query("SET memory_limit = '1GB'")).rejects.toThrow("locked");
});
