import {Vector} from "apache-arrow";
import {afterAll, expect, test} from "vitest";
import {Tables} from "../../src/tables/open.ts";
import {FakeJournal} from "../tables/support/fake-journal.ts";

const tables = new Tables({
  journal: async () => new FakeJournal(),
  extensionRepository: new URL("duckdb-ext", location.href).href
});
const {db} = tables;
afterAll(() => tables.dispose());

/** Arrow's lists, structs and maps as arrays and objects. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) {
    return value;
  }
  if (value instanceof Vector || Array.isArray(value)) return Array.from(value, plain);
  const entries = Symbol.iterator in value ? (value as Iterable<[string, unknown]>) : Object.entries(value);
  return Object.fromEntries(Array.from(entries, ([name, item]) => [name, plain(item)]));
}

const value = async (given: unknown) => plain((await db.sql`SELECT ${given} AS value`).get(0)?.value);

/** Texts that have broken other ways of putting values into SQL. */
const texts = [
  "'",
  "''",
  "'''",
  "\\",
  "\\'",
  "\\\\'",
  '"',
  '""',
  "`",
  ";",
  "--",
  "/*",
  "*/",
  "/* ' */",
  "$$",
  "$tag$ ' $tag$",
  "?",
  "$1",
  ":name",
  "%",
  "_",
  "%s",
  "{}",
  "${x}",
  "#{x}",
  "\n",
  "\r\n",
  "\t",
  "\u0000",
  "a\u0000b",
  "\u0000\u0000'",
  "\u0001\u001f\u007f",
  "a\ufeff",
  "\u2028",
  "\u00a0",
  "e\u0301",
  "é",
  "😀",
  "👩‍👩‍👧",
  "🏳️‍🌈",
  "\u202eabc",
  "日本語",
  "ﬃ",
  "null",
  "NULL",
  "NaN",
  "true",
  "1e999",
  "0x10",
  " leading",
  "trailing ",
  "'; DROP TABLE metrics; --",
  "' OR '1'='1",
  "'); DELETE FROM runs; SELECT ('",
  "\\'; DELETE FROM runs; --",
  "' UNION SELECT * FROM runs --",
  "E'\\''",
  "U&'\\0027'",
  "chr(39)",
  "\u02bc OR 1=1",
  "\uff07 OR 1=1"
];

test("every text comes back as it was, alone and in lists, structs, maps and comparisons", async () => {
  for (const text of texts) {
    expect(await value(text)).toBe(text);
    expect(await value([text, null])).toEqual([text, null]);
    expect(await value({[`k${text}`.replaceAll("\0", "")]: text})).toEqual({
      [`k${text}`.replaceAll("\0", "")]: text
    });
    expect(await db.queryRow("SELECT ? = ? AS same, length(?) AS n", [text, text, text])).toMatchObject({
      same: true
    });
  }
  const table = await db.sql`SELECT * FROM (SELECT unnest(${texts}) AS text) ORDER BY text`;
  expect(Array.from(table, ({text}) => text).sort()).toEqual([...texts].sort());
  expect(
    await db.queryRow("SELECT count(*) AS n FROM duckdb_tables() WHERE table_name IN ('metrics', 'runs')")
  ).toEqual({n: 2});
});

test("texts go unchanged through a table of one's own, an inserted one and a view", async () => {
  await db.sql`CREATE TABLE kept AS SELECT unnest(${texts}) AS text`;
  const client = await tables.DuckDBClient.of({t: texts.map((text, i) => ({i, text}))});
  expect(Array.from(await client.sql`SELECT text FROM t ORDER BY i`, ({text}) => text)).toEqual(texts);
  const view = await db.view`FROM kept`;
  for (const text of texts) {
    expect(await view.count([{column: "text", op: "=", value: text}])).toBe(1);
    expect(await view.count([{column: "text", op: "contains", text}])).toBeGreaterThan(0);
  }
});

test("a text with half of a surrogate pair is refused, because UTF-8 cannot hold it", async () => {
  for (const text of ["\ud83d", "a\udc00b", "\udc00\ud83d"]) {
    await expect(value(text)).rejects.toThrow("half of a surrogate pair");
    await expect(value([text])).rejects.toThrow("half of a surrogate pair");
    await expect(value({a: text})).rejects.toThrow("half of a surrogate pair");
  }
  expect(await value("\ud83d\ude00")).toBe("😀");
});

const numbers = [
  0,
  -0,
  1,
  -1,
  0.1,
  1 / 3,
  Math.PI,
  1e-320,
  5e-324,
  -5e-324,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.EPSILON,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  1e21,
  1e22,
  123456789.12345678,
  Number.NaN,
  Infinity,
  -Infinity
];

test.each(numbers)("the number %s comes back as it was", async (x) => {
  expect(await value(x)).toBe(x);
  expect(await value([x, 0.5])).toEqual([x, 0.5]);
  expect(await value({x})).toEqual({x});
  expect(await value(Float64Array.of(x))).toEqual([x]);
});

test.each([
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 63n,
  2n ** 64n,
  2n ** 127n - 1n,
  -(2n ** 127n),
  -(2n ** 53n) - 1n
])("the whole number %s comes back as it was", async (x) => {
  expect(await value(x)).toBe(x);
  expect(await value([x])).toEqual([x]);
  expect(await value({x})).toEqual({x});
});

test("whole numbers beyond 128 bits are refused", async () => {
  for (const x of [2n ** 127n, -(2n ** 127n) - 1n, 10n ** 50n])
    await expect(value(x)).rejects.toThrow("128 bits");
});

const dates = [
  "1970-01-01",
  "2025-11-21T01:03:20.123Z",
  "1969-12-31T23:59:59.999Z",
  "0001-01-01",
  "9999-12-31T23:59:59.999Z",
  "1582-10-10"
].map((text) => new Date(text));

test.each(dates)("the time %s comes back as it was, also inside of lists, structs and maps", async (date) => {
  expect(await value(date)).toEqual(date);
  expect(await value([date, null])).toEqual([date, null]);
  expect(await value({at: date, all: [date]})).toEqual({at: date, all: [date]});
  expect(await value([{at: date}, {at: null}])).toEqual([{at: date}, {at: null}]);
  expect(await value(new Map([["k", date]]))).toEqual({k: date});
});

test("dates of SQL are Dates inside of lists, structs and maps too", async () => {
  const row = (
    await db.sql`SELECT [DATE '2024-01-01', NULL] AS list, {'d': DATE '2024-01-02', 't': TIMESTAMP '2024-01-03 10:00:00'} AS struct,
      MAP {'a': DATE '2024-01-04'} AS map, [[TIMESTAMP_S '2024-01-05 00:00:00']] AS nested, [{'n': 5::HUGEINT}] AS huge`
  ).get(0);
  expect(plain(row?.list)).toEqual([new Date("2024-01-01"), null]);
  expect(plain(row?.struct)).toEqual({d: new Date("2024-01-02"), t: new Date("2024-01-03T10:00:00Z")});
  expect(plain(row?.map)).toEqual({a: new Date("2024-01-04")});
  expect(plain(row?.nested)).toEqual([[new Date("2024-01-05")]]);
  expect(plain(row?.huge)).toEqual([{n: 5}]);
});

test("bytes of every value come back as they were", async () => {
  const bytes = Uint8Array.from({length: 256}, (_, i) => i);
  expect(await value(bytes)).toEqual(bytes);
  expect(await value(bytes.buffer)).toEqual(bytes);
  expect(await value(bytes.subarray(100, 130))).toEqual(bytes.slice(100, 130));
  expect(await value(new Uint8Array())).toEqual(new Uint8Array());
  expect(await value([bytes])).toEqual([bytes]);
  const large = Uint8Array.from({length: 1 << 20}, (_, i) => (i * 31) & 255);
  expect(await value(large)).toEqual(large);
});

test("lists, structs and maps in each other come back as they were", async () => {
  const nested = {
    a: [
      {b: [1.5, null], c: "x'"},
      {b: [], c: null}
    ],
    d: {e: {f: [true, false]}}
  };
  expect(await value(nested)).toEqual(nested);
  expect(await value([])).toEqual([]);
  expect(await value([[], [1]])).toEqual([[], [1]]);
  expect(await value([null, null])).toEqual([null, null]);
  expect(
    await value(
      new Map([
        ["it's", [1]],
        ["b", [2, 3]]
      ])
    )
  ).toEqual({"it's": [1], b: [2, 3]});
  expect(await value(new Map())).toEqual({});
  expect(await value(new Set(["a", "b"]))).toEqual(["a", "b"]);
});

test("a megabyte of quotes and of emoji comes back as it was", async () => {
  for (const text of ["'".repeat(1 << 20), "😀'\\".repeat(1 << 18)]) {
    expect((await value(text)) === text).toBe(true);
  }
});

test("ENUM columns have their words inside of lists and structs too", async () => {
  await db.sql`CREATE TYPE mood AS ENUM ('sad', 'it''s fine')`;
  const row = (
    await db.sql`SELECT ['sad'::mood, NULL] AS list, {'m': 'it''s fine'::mood, 'n': 1} AS struct, 'sad'::mood AS plain, MAP {'k': 'sad'::mood} AS map`
  ).get(0);
  expect(plain(row?.list)).toEqual(["sad", null]);
  expect(plain(row?.struct)).toEqual({m: "it's fine", n: 1});
  expect(row?.plain).toBe("sad");
  expect(plain(row?.map)).toEqual({k: "sad"});
});
