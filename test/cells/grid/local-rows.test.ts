import {expect, test, vi} from "vitest";
import {LocalRows} from "../../../src/cells/grid/local-rows.ts";
import {gridSource} from "../../../src/cells/grid/source.ts";

const table = (count: number) =>
  Array.from({length: count}, (_, i) => ({i, third: i % 3, word: `w${i % 2}`, x: i % 10 ? i : Number.NaN}));

test("a small table is arranged at once", () => {
  const rows = new LocalRows(gridSource(table(100)), () => {});
  rows.arrange({
    orders: [{column: "i", descending: true}],
    filters: [{column: "third", op: "=", value: 0}]
  });
  expect([rows.shown, rows.busy, rows.cell(0, 0), rows.cell(33, 0)]).toEqual([34, false, 99, 0]);
  rows.arrange({orders: [], filters: []});
  expect([rows.shown, rows.cell(1, 0)]).toEqual([100, 1]);
});

test("of arrangements that come faster than they are worked out the last one counts", async () => {
  const rows = new LocalRows(gridSource(table(200_000)), () => {});
  rows.arrange({orders: [{column: "word", descending: true}], filters: []});
  rows.arrange({orders: [{column: "i", descending: true}], filters: []});
  await vi.waitUntil(() => !rows.busy);
  expect([rows.cell(0, 0), rows.shown]).toEqual([199_999, 200_000]);
});

test("columns of another result are no reason to fail", () => {
  const rows = new LocalRows(gridSource(table(3)), () => {});
  rows.arrange({orders: [{column: "gone", descending: true}], filters: [{column: "gone", op: "null"}]});
  expect([rows.shown, rows.cell(0, 0)]).toEqual([3, 0]);
});

test("a column of numbers is summed up in equal bins with NaN beside, one of words by the most frequent", async () => {
  const rows = new LocalRows(gridSource(table(1000)), () => {});
  const {signal} = new AbortController();
  const numbers = await rows.summarize("x", [], signal);
  expect(numbers).toMatchObject({rows: 1000, nulls: 0, distinct: 901});
  expect(numbers.histogram).toMatchObject({low: 1, high: 999, nans: 100});
  expect(numbers.histogram?.counts.reduce((a, b) => a + b, 0)).toBe(900);
  const words = await rows.summarize("word", [{column: "third", op: "=", value: 0}], signal);
  expect(words).toEqual({
    rows: 334,
    nulls: 0,
    distinct: 2,
    top: [
      {value: "w0", count: 167},
      {value: "w1", count: 167}
    ]
  });
});
