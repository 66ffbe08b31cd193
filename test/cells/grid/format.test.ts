import {expect, test} from "vitest";
import {columnFormat, exactText} from "../../../src/cells/grid/format.ts";
import type {ColumnKind, GridColumn} from "../../../src/cells/grid/source.ts";

function column(values: unknown[], kind: ColumnKind): GridColumn {
  return {name: "x", type: "", kind, value: (row) => values[row]};
}

function shown(values: unknown[], kind: ColumnKind = "number"): string[] {
  const format = columnFormat(column(values, kind), values.length);
  return values.map(format);
}

test("decimals are the same down a column and no more than its values have", () => {
  expect(shown([0.5, 0.25, 1])).toEqual(["0.50", "0.25", "1.00"]);
  expect(shown([2.312585, 0.0123456])).toEqual(["2.3126", "0.0123"]);
});

test("four digits, as of years, have no comma, unless others of the column have one", () => {
  expect(shown([1999, 2025])).toEqual(["1999", "2025"]);
  expect(shown([1797, 1234567])).toEqual(["1,797", "1,234,567"]);
  expect(shown([2n ** 63n - 1n])).toEqual(["9,223,372,036,854,775,807"]);
});

test("decimals have the scale of their type, and whole numbers of any size all digits", () => {
  const format = columnFormat({...column([1.5, 20, 1e12], "number"), type: "decimal(18,3)"}, 3);
  expect([1.5, 20, 1e12].map(format)).toEqual(["1.500", "20.000", "1,000,000,000,000.000"]);
  expect(shown([2n ** 70n])).toEqual(["1,180,591,620,717,411,303,424"]);
});

test("what is far too small or large for the column is in powers of ten", () => {
  const values = [...Array.from({length: 500}, () => 0.5), 1e-9, 3.5e12];
  expect(shown(values).slice(-2)).toEqual(["1.00e-9", "3.50e+12"]);
  expect(shown([1e-9, 2e-9])).toEqual(["1.00e-9", "2.00e-9"]);
});

test("NaN, infinities and NULL are told apart", () => {
  expect(shown([Number.NaN, Infinity, -Infinity, null, 0])).toEqual(["NaN", "∞", "−∞", "null", "0"]);
});

test("times are UTC, with as much of the time as the column uses", () => {
  const day = Date.UTC(2025, 10, 21);
  expect(shown([day, day + 86_400_000], "date")).toEqual(["2025-11-21", "2025-11-22"]);
  expect(shown([day, new Date(day + 61_000)], "date")).toEqual([
    "2025-11-21 00:00:00",
    "2025-11-21 00:01:01"
  ]);
  expect(shown([day + 5], "date")).toEqual(["2025-11-21 00:00:00.005"]);
});

test("for another program nothing is rounded and NULL is nothing", () => {
  const texts = (values: unknown[], kind: ColumnKind) =>
    values.map((x) => exactText(x, column(values, kind)));
  expect(texts([0.1 + 0.2, Number.NaN, null], "number")).toEqual(["0.30000000000000004", "NaN", ""]);
  expect(texts([Date.UTC(2025, 10, 21)], "date")).toEqual(["2025-11-21T00:00:00.000Z"]);
  expect(texts([{a: 1}, [1, 2], Uint8Array.of(255, 1)], "other")).toEqual(['{"a":1}', "1,2", "ff01"]);
});
