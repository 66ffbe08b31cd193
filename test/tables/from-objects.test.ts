import {tableFromIPC, tableToIPC} from "apache-arrow";
import {expect, test} from "vitest";
import {fromObjects} from "../../src/tables/from-objects.ts";
import {narrow} from "../../src/tables/narrow.ts";
import {withTimestamps} from "../../src/tables/timestamps.ts";

const types = (rows: Iterable<unknown>) =>
  Object.fromEntries(fromObjects(rows).schema.fields.map(({name, type}) => [name, String(type)]));

test("a column has the narrowest type that holds all its values", () => {
  expect(
    types([
      {a: 1, b: 1, c: 1n, d: "x", e: true},
      {a: 2, b: 2.5, c: 3, d: null, e: false}
    ])
  ).toEqual({
    a: "Int32",
    b: "Float64",
    c: "Int64",
    d: "Dictionary<Int32, Utf8>",
    e: "Bool"
  });
  expect(types([{x: -0}])).toEqual({x: "Float64"});
  expect(types([{x: 2 ** 40}])).toEqual({x: "Float64"});
});

test("mixed values and objects become text", () => {
  const table = fromObjects([
    {x: 1, o: {k: 2n}},
    {x: "a", o: [{}]}
  ]);
  expect(table.toArray().map((row) => row.toJSON())).toEqual([
    {x: "1", o: '{"k":"2"}'},
    {x: "a", o: "[{}]"}
  ]);
});

test("NaN, missing and empty values survive the way through IPC", () => {
  const table = tableFromIPC(tableToIPC(fromObjects([{x: Number.NaN, s: ""}, {}])));
  expect(table.toArray().map((row) => row.toJSON())).toEqual([
    {x: Number.NaN, s: ""},
    {x: null, s: null}
  ]);
});

test("dates are timestamps, an invalid one is null", () => {
  const table = fromObjects([{d: new Date(5)}, {d: new Date(Number.NaN)}]);
  expect(String(table.schema.fields[0].type)).toBe("Timestamp<MILLISECOND>");
  expect(withTimestamps(table)).toBe(table);
  expect(table.toArray().map(({d}) => d)).toEqual([5, null]);
});

test("64-bit integers are narrowed column by column, nulls kept", () => {
  const table = narrow(
    fromObjects([
      {a: 1n, b: 2n ** 60n},
      {a: null, b: -1n}
    ])
  );
  expect(table.toArray().map((row) => row.toJSON())).toEqual([
    {a: 1, b: 2n ** 60n},
    {a: null, b: -1n}
  ]);
});
