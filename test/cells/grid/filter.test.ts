import {expect, test} from "vitest";
import {describeFilter, type Filter, satisfies, withFilter} from "../../../src/cells/grid/filter.ts";
import {rangeEnd, rangeFilter} from "../../../src/cells/grid/filter-form.ts";

test.each<[Omit<Filter, "column">, unknown[], unknown[]]>([
  [{op: "between", low: 0, high: Infinity} as never, [0, 1, Infinity, 5n], [-1, Number.NaN, null, undefined]],
  [{op: ">=", value: new Date(5)} as never, [5, new Date(6)], [4, null]],
  [{op: "in", values: ["a", true]} as never, ["a", true], ["b", false, null]],
  [{op: "in", values: [1]} as never, [1, 1n], [2n, "x", null]],
  [{op: "contains", text: "B%"} as never, ["ab%c", "AB%"], ["ab", null]],
  [{op: "=", value: Number.NaN} as never, [Number.NaN], [0, null]],
  [{op: "!=", value: 1} as never, [2, "1"], [1, 1n, null]],
  [{op: "null"} as never, [null, undefined], [0, "", Number.NaN]],
  [{op: "not null"} as never, [0, "", Number.NaN], [null, undefined]]
])("%j", (condition, inside, outside) => {
  const filter = {column: "x", ...condition} as Filter;
  expect(inside.map((value) => satisfies(filter, value))).toEqual(inside.map(() => true));
  expect(outside.map((value) => satisfies(filter, value))).toEqual(outside.map(() => false));
});

test("what is typed as an end of a range", () => {
  expect(["", " 1e-3", "1,797", "−2", "x"].map((text) => rangeEnd(text, "number"))).toEqual([
    undefined,
    0.001,
    1797,
    -2,
    null
  ]);
  expect(rangeEnd("2026-11-21 10:00", "date")).toEqual(new Date(Date.UTC(2026, 10, 21, 10)));
  expect(rangeEnd("2026-11-21", "date")).toEqual(new Date(Date.UTC(2026, 10, 21)));
  expect(rangeEnd("yesterday", "date")).toBeNull();
});

test("an open end of a range of numbers leaves NaN out, which SQL takes for the greatest", () => {
  expect(rangeFilter("x", "number", 1, undefined)).toEqual([
    {column: "x", op: "between", low: 1, high: Infinity}
  ]);
  expect(rangeFilter("x", "date", undefined, new Date(1))).toEqual([
    {column: "x", op: "<=", value: new Date(1)}
  ]);
  expect(rangeFilter("x", "number", undefined, undefined)).toEqual([]);
});

test("a column's filter is replaced, those of others stay, and each is said in words", () => {
  const filters = withFilter([{column: "a", op: "null"}], "b", rangeFilter("b", "number", 1, undefined));
  expect(withFilter(filters, "a", [])).toEqual([filters[1]]);
  expect(filters.map((filter) => describeFilter(filter, filter.column, String))).toEqual([
    "a is null",
    "b ≥ 1"
  ]);
});
