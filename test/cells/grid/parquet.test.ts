import {parquetReadObjects} from "hyparquet";
import {expect, test} from "vitest";
import {parquetFile} from "../../../src/cells/grid/parquet.ts";
import {gridSource} from "../../../src/cells/grid/source.ts";

test("a Parquet file has the values with their types", async () => {
  const rows = [
    {s: "ü 😀\0", x: Number.NaN, d: new Date(5), b: true, l: [1, 2.5], n: 2n ** 62n, o: {a: 1}},
    {s: null, x: -Infinity, d: null, b: false, l: null, n: null, o: null}
  ];
  const source = gridSource(rows);
  source.columns[5].type = "bigint";
  const file = await parquetFile(source);
  expect(await parquetReadObjects({file})).toEqual([
    {...rows[0], o: '{"a":1}'},
    // Its reader gives a list that is NULL as undefined.
    {...rows[1], l: undefined}
  ]);
});

test("an empty table keeps its columns", async () => {
  const source = gridSource(Object.assign([], {columns: ["a"]}));
  expect(await parquetReadObjects({file: await parquetFile(source)})).toEqual([]);
});
