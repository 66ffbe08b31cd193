import {expect, test} from "vitest";
import {command, statements} from "../../src/tables/statements.ts";

test("a statement's words are told from names, texts and comments", () => {
  const [first, second, ...rest] = statements(
    `SELECT "a ""b""", 'DROP; x' -- ;\n FROM t /* ; */;; DROP TABLE été;`
  );
  expect(first.tokens.map(({kind, text}) => [kind, text])).toEqual([
    ["word", "SELECT"],
    ["name", 'a "b"'],
    ["sign", ","],
    ["word", "FROM"],
    ["word", "t"]
  ]);
  expect([second.verb, second.word(2)]).toEqual(["DROP", "ÉTÉ"]);
  expect(rest).toEqual([]);
});

test.each([
  ["CREATE VIEW v AS SELECT 1", "CREATE"],
  ["SELECT 1; insert into t values (1)", "INSERT"],
  ["WITH x AS (SELECT 1) UPDATE t SET a = 1", "UPDATE"],
  ["INSERT INTO t VALUES (1) RETURNING a", null],
  ["SELECT count(*) AS Count FROM t -- CREATE", null],
  ["INSERT INTO t VALUES (1); SELECT 1", null],
  ["WITH x AS (SELECT 1) SELECT * FROM x", null],
  ["EXPLAIN DELETE FROM t", null],
  ["", null]
])("%s does %s", (sql, verb) => {
  expect(command(sql)).toBe(verb);
});
