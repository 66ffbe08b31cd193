import {afterAll, expect, test} from "vitest";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db} = tables;
afterAll(() => tables.dispose());

async function roundTrip(value: unknown): Promise<{value: unknown; type: string}> {
  const row = (await db.sql`SELECT ${value} AS value, typeof(${value}) AS type`).get(0);
  return {value: row?.value, type: row?.type};
}

test.each([
  [null, null, '"NULL"'],
  [true, true, "BOOLEAN"],
  [5, 5, "INTEGER"],
  [-5, -5, "INTEGER"],
  [2 ** 40, 2 ** 40, "BIGINT"],
  [0.1, 0.1, "DOUBLE"],
  [-1e-300, -1e-300, "DOUBLE"],
  [1e21, 1e21, "DOUBLE"],
  [2 ** 53, 2 ** 53, "DOUBLE"],
  [Number.NaN, Number.NaN, "DOUBLE"],
  [Infinity, Infinity, "DOUBLE"],
  [-Infinity, -Infinity, "DOUBLE"],
  [-0, -0, "DOUBLE"],
  [2n ** 63n - 1n, 2n ** 63n - 1n, "BIGINT"],
  [-(2n ** 63n), -(2n ** 63n), "BIGINT"],
  [2n ** 70n, 2n ** 70n, "HUGEINT"],
  [-(2n ** 100n) - 1n, -(2n ** 100n) - 1n, "HUGEINT"],
  ["it's; DROP TABLE runs; --", "it's; DROP TABLE runs; --", "VARCHAR"],
  ['back\\slash \\\' $1 ? "q"', 'back\\slash \\\' $1 ? "q"', "VARCHAR"],
  ["😀\u0000é\n", "😀\u0000é\n", "VARCHAR"],
  ["\u0000", "\u0000", "VARCHAR"],
  ["", "", "VARCHAR"],
  [new Date(1763687000123), new Date(1763687000123), "TIMESTAMP"],
  [new Date(-62_167_219_200_000), new Date(-62_167_219_200_000), "TIMESTAMP"]
])("%s is bound with its type", async (given, value, type) => {
  expect(await roundTrip(given)).toEqual({value, type});
});

test("a megabyte of text and of bytes pass unchanged", async () => {
  const text = "0123456789abcde'".repeat(65536);
  expect((await roundTrip(text)).value).toBe(text);
  const bytes = Uint8Array.from({length: 1 << 18}, (_, i) => i);
  const result = await roundTrip(bytes);
  expect(result.type).toBe("BLOB");
  expect(result.value).toEqual(bytes);
});

test.each([
  [[1, 2], [1, 2], "BIGINT[]"],
  [[1.5, Number.NaN, null, -Infinity], [1.5, Number.NaN, null, -Infinity], "DOUBLE[]"],
  [["a'b", null], ["a'b", null], "VARCHAR[]"],
  [Float32Array.of(0.5, Infinity), [0.5, Infinity], "FLOAT[]"],
  [Int32Array.of(1, -2), [1, -2], "INTEGER[]"],
  [new Set(["x"]), ["x"], "VARCHAR[]"],
  [[[1], [2, 3]], [[1], [2, 3]], "BIGINT[][]"]
])("%s is bound as a list", async (given, value, type) => {
  const plain = (x: unknown): unknown =>
    x !== null && typeof x === "object" ? Array.from(x as Iterable<unknown>, plain) : x;
  const result = await roundTrip(given);
  expect(result.type).toBe(type);
  expect(plain(result.value)).toEqual(value);
});

test("objects are structs and maps are maps", async () => {
  const row = await db.sql`SELECT ${{a: 1, "b'c": "x"}}.a AS a, ${new Map([["k", 2.5]])}['k'] AS b`;
  expect(row.get(0)?.toJSON()).toEqual({a: 1, b: 2.5});
});

test("values work where SQL wants constants and lists", async () => {
  const ids = [1, 3];
  const rows = await db.sql`SELECT x FROM range(10) t(x) WHERE x IN ${ids} OR x = ${9} ORDER BY x LIMIT ${2}`;
  expect(Array.from(rows, ({x}) => x)).toEqual([1, 3]);
  await db.sql`CREATE TABLE bound AS SELECT ${"kept"} AS name; CREATE VIEW bound_view AS SELECT * FROM bound WHERE name = ${"kept"}`;
  expect((await db.sql`SELECT * FROM bound_view`).numRows).toBe(1);
});

test("negative numbers do not become comments", async () => {
  expect((await db.sql`SELECT 1 -${-2} AS x`).get(0)?.x).toBe(3);
});

test("question marks are parameters outside quotes and comments only", async () => {
  const row = await db.queryRow("SELECT '?' AS a, ? AS b -- ?\n, ? AS c", ["x", Number.NaN]);
  expect(row).toEqual({a: "?", b: "x", c: Number.NaN});
});

test("parts of statements and names are put in, with their own values bound", async () => {
  const where = db.fragment`WHERE x > ${7}`;
  const name = 'odd "name"';
  const rows = await db.sql`SELECT x AS ${db.ident(name)} FROM range(10) t(x) ${where}`;
  expect(Array.from(rows, (row) => row[name])).toEqual([8, 9]);
});
