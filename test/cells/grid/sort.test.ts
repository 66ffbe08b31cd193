import {expect, test} from "vitest";
import {inSlices} from "../../../src/cells/grid/slices.ts";
import {sorting} from "../../../src/cells/grid/sort.ts";
import type {GridColumn} from "../../../src/cells/grid/source.ts";

function column(values: unknown[]): GridColumn {
  return {name: "x", type: "", kind: "number", value: (row) => values[row]};
}

const allRows = (count: number) => Uint32Array.from({length: count}, (_, row) => row);

/** The rows of a column in order. */
async function sortedRows(
  values: unknown[],
  descending: boolean,
  signal?: AbortSignal
): Promise<Uint32Array> {
  return inSlices(sorting([{column: column(values), descending}], allRows(values.length)), signal);
}

async function sorted(values: unknown[], descending = false): Promise<unknown[]> {
  return Array.from(await sortedRows(values, descending), (row) => values[row]);
}

test("blanks and NaN come last in both directions", async () => {
  const values = [3, null, -Infinity, Number.NaN, 1, Infinity];
  expect(await sorted(values)).toEqual([-Infinity, 1, 3, Infinity, null, Number.NaN]);
  expect(await sorted(values, true)).toEqual([Infinity, 3, 1, -Infinity, null, Number.NaN]);
});

test("text sorts as people expect, dates and BigInt by size", async () => {
  expect(await sorted(["run 10", "Run 9", "run 9"])).toEqual(["run 9", "Run 9", "run 10"]);
  expect(await sorted([new Date(2), new Date(1)])).toEqual([new Date(1), new Date(2)]);
  expect(await sorted([2n ** 60n, 1n])).toEqual([1n, 2n ** 60n]);
});

test("equal rows keep their order in a table of many slices", async () => {
  const values = Array.from({length: 50_000}, (_, i) => (i * 7919) % 13);
  const rows = await sortedRows(values, true);
  for (let i = 1; i < rows.length; i++) {
    const [a, b] = [values[rows[i - 1]], values[rows[i]]];
    if (a < b || (a === b && rows[i - 1] > rows[i])) throw new Error(`wrong order at ${i}`);
  }
  expect(new Set(rows).size).toBe(values.length);
});

test("a signal ends it", async () => {
  const values = Array.from({length: 300_000}, () => "a long piece of text");
  const controller = new AbortController();
  const sorting = sortedRows(values, false, controller.signal);
  controller.abort(new Error("another order"));
  await expect(sorting).rejects.toThrow("another order");
});

test("rows that are equal in the first column are in the order of the second", async () => {
  const [a, b] = [
    [1, 0, 1, 0],
    ["x", "y", "a", "z"]
  ];
  const by = [
    {column: column(a), descending: false},
    {column: column(b), descending: true}
  ];
  expect([...(await inSlices(sorting(by, allRows(4))))]).toEqual([3, 1, 0, 2]);
});
