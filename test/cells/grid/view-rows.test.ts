import {expect, test, vi} from "vitest";
import {pending} from "../../../src/cells/grid/rows.ts";
import {ViewRows} from "../../../src/cells/grid/view-rows.ts";
import {FakeView} from "./support/fake-view.ts";

function open(rowCount: number) {
  const view = new FakeView(rowCount);
  const changed = vi.fn();
  return {view, changed, rows: new ViewRows(view, changed)};
}

const when = (test: () => boolean) => vi.waitUntil(test, {interval: 1});

test("fetches the block in view and the next one, tells when they came, and asks no more", async () => {
  const {view, rows, changed} = open(10_000_000);
  rows.want(0, 20);
  expect(rows.cell(0, 0)).toBe(pending);
  await when(() => rows.cell(19, 0) === 19 && rows.cell(256, 1) === "row 256");
  expect(changed).toHaveBeenCalled();
  rows.want(1, 21);
  rows.want(2, 22);
  expect(view.asked).toEqual([
    [0, 256],
    [256, 256]
  ]);
});

test("reaches the last of ten million rows, whose block is short", async () => {
  const {rows} = open(10_000_001);
  rows.want(9_999_985, 10_000_001);
  await when(() => rows.cell(10_000_000, 0) === 10_000_000);
  expect(rows.cell(9_999_985, 0)).toBe(9_999_985);
});

test("follows a scroll with few requests: what was passed by is not asked for", async () => {
  const {view, rows} = open(1_000_000);
  view.hold();
  for (let first = 0; first < 500_000; first += 10_000) rows.want(first, first + 20);
  expect(view.asked.length).toBe(2);
  view.release();
  await when(() => rows.cell(490_000, 0) === 490_000);
  expect(view.asked.length).toBeLessThan(6);
});

test("draws the rows before until the first of another order have come", async () => {
  const {view, rows} = open(1000);
  rows.want(0, 20);
  await when(() => rows.cell(0, 0) === 0);
  view.hold();
  rows.arrange({orders: [{column: "i", descending: true}], filters: []});
  rows.want(0, 20);
  expect([rows.cell(0, 0), rows.busy]).toEqual([0, true]);
  view.release();
  await when(() => rows.cell(0, 0) === 999);
});

test("counts what satisfies a filter, and leaves out filters on columns of another result", async () => {
  const {rows} = open(1000);
  const gone = {column: "gone", op: "=" as const, value: 1};
  rows.arrange({orders: [], filters: [{column: "i", op: "between", low: 10, high: 19}, gone]});
  await when(() => rows.shown === 10);
  rows.want(0, 10);
  await when(() => rows.cell(9, 1) === "row 19");
  rows.arrange({orders: [], filters: [gone]});
  await when(() => rows.shown === 1000);
});

test("a window that cannot be had is said and asked for once, and again when the reader asks otherwise", async () => {
  const {view, rows, changed} = open(1000);
  view.error = new Error("the database is gone");
  changed.mockImplementation(() => rows.want(0, 20));
  rows.want(0, 20);
  await when(() => rows.problem === "the database is gone");
  const asked = view.asked.length;
  rows.want(0, 20);
  await Promise.resolve();
  expect(view.asked.length).toBeLessThanOrEqual(Math.max(asked, 2));
  view.error = null;
  rows.arrange({orders: [{column: "i", descending: false}], filters: []});
  await when(() => rows.cell(0, 0) === 0);
  expect(rows.problem).toBeNull();
});

test("keeps so many blocks and no more", async () => {
  const {view, rows} = open(100_000);
  for (let first = 0; first < 100_000; first += 256) {
    rows.want(first, first + 20);
    await when(() => rows.cell(first, 0) === first);
  }
  expect(rows.cell(0, 0)).toBe(pending);
  const asked = view.asked.length;
  rows.want(99_000, 99_020);
  expect(view.asked.length).toBe(asked);
});

test("reads rows for a copy in the order shown, all of them in one piece", async () => {
  const {view, rows} = open(1000);
  rows.arrange({orders: [{column: "i", descending: true}], filters: []});
  const few = await rows.read(1, 3);
  expect([few.rowCount, few.columns[0].value(0)]).toEqual([2, 998]);
  const all = await rows.read(0, 1000);
  expect([all.rowCount, view.exported]).toEqual([1000, 1000]);
});
