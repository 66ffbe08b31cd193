import {Decimal, makeData, makeVector, Table, tableFromArrays} from "apache-arrow";
import {expect, test} from "vitest";
import {headLine, separatedLines} from "../../../src/cells/grid/separated.ts";
import {gridSource} from "../../../src/cells/grid/source.ts";

const columnsOf = (table: Iterable<unknown>) =>
  gridSource(table).columns.map(({name, type, kind}) => [name, type, kind]);

test("Arrow columns say their type in SQL's words", () => {
  const table = tableFromArrays({
    s: ["a", "b"],
    x: Float64Array.of(1, 2),
    n: BigInt64Array.of(1n, 2n),
    d: [new Date(1), new Date(2)]
  });
  expect(columnsOf(table)).toEqual([
    ["s", "varchar", "text"],
    ["x", "double", "number"],
    ["n", "bigint", "number"],
    ["d", "timestamp", "date"]
  ]);
});

test("decimals of Arrow are read with all their digits", () => {
  const words = Uint32Array.of(1, 0, 64, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff);
  const whole = makeVector(makeData({type: new Decimal(0, 38, 128), length: 2, data: words}));
  const scaled = makeVector(
    makeData({type: new Decimal(2, 9, 128), length: 2, data: words.map((x) => x && 150)})
  );
  const [a, b] = gridSource(new Table({whole, scaled})).columns;
  expect([a.type, a.value(0), a.value(1)]).toEqual(["hugeint", 2n ** 70n + 1n, -1n]);
  expect([b.type, b.value(0)]).toEqual(["decimal", Number(150n + (150n << 64n)) / 100]);
});

test("rows of objects have the columns of all rows, in the order they say or appear", () => {
  expect(columnsOf([{a: null}, {a: 1, b: "x"}])).toEqual([
    ["a", "number", "number"],
    ["b", "string", "text"]
  ]);
  expect(columnsOf(Object.assign([{a: 1, b: 2}], {columns: ["b", "a"]})).map(([name]) => name)).toEqual([
    "b",
    "a"
  ]);
  expect(columnsOf([1, 2])).toEqual([["value", "number", "number"]]);
});

test("rows as text, quoted where it must be", () => {
  const {columns} = gridSource([
    {a: 1, b: 'say "x"', c: 3},
    {a: 2, b: "tab\there", c: null},
    {a: 3, b: "plain", c: 5}
  ]);
  const text = (first: number, end: number, separator: "\t" | ",") =>
    headLine(columns.slice(1), separator) + separatedLines(columns.slice(1), first, end, separator);
  expect(text(0, 2, "\t")).toBe('b\tc\n"say ""x"""\t3\n"tab\there"\t\n');
  expect(text(1, 3, ",")).toBe("b,c\ntab\there,\nplain,5\n");
});
