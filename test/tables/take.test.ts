import {
  Decimal,
  Int32,
  makeData,
  makeVector,
  Table,
  tableFromArrays,
  Vector,
  vectorFromArray
} from "apache-arrow";
import {expect, test} from "vitest";
import {takeRows} from "../../src/tables/take.ts";

const json = (table: Table) => table.toArray().map((row) => ({...row}));

test("rows in another order keep types and NULLs, over several chunks", () => {
  const chunks = [vectorFromArray([1, null], new Int32()), vectorFromArray([3, 4], new Int32())];
  const n = new Vector([...chunks[0].data, ...chunks[1].data]);
  const table = new Table({n, s: vectorFromArray(["a", "b", null, "d"])});
  const taken = takeRows(table, [1, 0], Uint32Array.of(3, 1, 2, 3));
  expect(taken.schema.fields.map(({name, type}) => `${name} ${type}`)).toEqual([
    "s Dictionary<Int32, Utf8>",
    "n Int32"
  ]);
  expect(json(taken)).toEqual([
    {s: "d", n: 4},
    {s: "b", n: null},
    {s: null, n: 3},
    {s: "d", n: 4}
  ]);
});

test("decimals keep every digit", () => {
  const words = Uint32Array.of(1, 0, 64, 0, 7, 0, 0, 0);
  const d = makeVector(makeData({type: new Decimal(0, 38, 128), length: 2, data: words}));
  const taken = takeRows(new Table({d}), [0], Uint32Array.of(1, 0));
  expect(String(taken.getChildAt(0)?.get(1))).toBe(String((1n << 70n) + 1n));
});

test("all rows of some columns are the columns as they are", () => {
  const table = tableFromArrays({a: Int32Array.of(1), b: Int32Array.of(2)});
  expect(json(takeRows(table, [1], null))).toEqual([{b: 2}]);
});
