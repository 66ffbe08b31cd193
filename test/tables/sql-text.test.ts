import {expect, test} from "vitest";
import {literal} from "../../src/tables/literal.ts";
import {fragment, ident, sqlQuery, sqlTemplate} from "../../src/tables/sql-text.ts";

const text = (strings: TemplateStringsArray, ...values: unknown[]) => sqlTemplate(strings, values).text;

test("values become closed expressions", () => {
  expect(text`SELECT ${1}, ${-1}, ${0.5}, ${"it's"}, ${null}, ${true}`).toBe(
    "SELECT (1), (-1), (0.5e0), ('it''s'), NULL, TRUE"
  );
});

test.each([
  ["a string", () => text`SELECT '${1}'`],
  ["a string after a doubled quote", () => text`SELECT 'it''s ${1}'`],
  ["an escape string", () => text`SELECT E'\\' ${1}'`],
  ["a dollar quote", () => text`SELECT $tag$ ' ${1} $tag$`],
  ["a quoted name", () => text`SELECT "${1}"`]
])("a value inside %s is refused", (_, write) => {
  expect(write).toThrow(/inside quotes/);
});

test("a value after strings, names and comments is bound", () => {
  expect(text`SELECT 'a''b', "c""d", $$'$$, E'\\'' -- '
    /* ' /* nested */ ' */, ${1}`).toMatch(/, \(1\)$/);
});

test("a value inside a comment is left out", () => {
  expect(text`SELECT 1 -- ${2} and ${"x\n; DROP TABLE runs"}
    /* ${3} */`).toBe("SELECT 1 --  and \n    /*  */");
});

test("parts and names are put in as SQL with their own values bound", () => {
  const where = fragment`WHERE ${ident("main", 'a "b"')} > ${"x"}`;
  expect(text`SELECT * FROM t ${where} LIMIT ${1}`).toBe(
    `SELECT * FROM t WHERE "main"."a ""b""" > ('x') LIMIT (1)`
  );
  expect(() => ident("")).toThrow("Expected the name");
});

test("text is put into a statement where it was written, and what follows keeps its place", () => {
  const sql = sqlTemplate(["SELECT ", ",\n nope"], ["it's"]);
  const more = sql.insert(sql.text.length, ")").insert(0, "SELECT * FROM (");
  expect(more.text).toBe(`SELECT * FROM (${sql.text})`);
  expect(more.locate(more.text.indexOf("nope"))).toEqual({line: 2, column: 2});
  expect(more.locate(3)).toEqual({line: 1});
});

test("question marks are counted against parameters", () => {
  expect(sqlQuery("SELECT ?, '?'", [1]).text).toBe("SELECT (1), '?'");
  expect(() => sqlQuery("SELECT ?", [1, 2])).toThrow("each of 1 question marks, got 2");
});

test("a byte offset is found in the SQL as it was written", () => {
  const sql = sqlTemplate(["SELECT 'é', x,\n  ", ", y\nFROM ", ""], ["long value", 1]);
  const at = (part: string) =>
    sql.locate(new TextEncoder().encode(sql.text.slice(0, sql.text.indexOf(part))).length);
  expect(at("x,")).toEqual({line: 1, column: 13});
  expect(at("long")).toEqual({line: 2});
  expect(at("y\n")).toEqual({line: 2});
  expect(at("FROM")).toEqual({line: 3, column: 1});
  expect(sql.locate(10_000)).toEqual({line: 3});
});

test.each([
  [() => {}, "function"],
  [Symbol("s"), "symbol"],
  [new Date(Number.NaN), "invalid Date"],
  [2n ** 127n, "128 bits"],
  [{}, "without fields"],
  ["\ud83d", "surrogate pair at 0"],
  [["ab\udc00"], "surrogate pair at 2"],
  [{"\ud83d": 1}, "surrogate pair"],
  [{"a\0": 1}, "a NUL"]
])("what SQL has no value for is refused (%#)", (value, message) => {
  expect(() => literal(value)).toThrow(message);
});
