import {expect, test} from "vitest";
import {contentHeight, scrollTopFor, visibleColumns, visibleRows} from "../../../src/cells/grid/viewport.ts";

const small = {rowCount: 1000, rowHeight: 20, viewHeight: 200};
const huge = {rowCount: 10_000_000, rowHeight: 20, viewHeight: 200};

test("draws the rows in view and two more at each side", () => {
  expect(visibleRows(small, 0)).toEqual({first: 0, end: 12, top: 0});
  expect(visibleRows(small, 405)).toEqual({first: 18, end: 33, top: 360});
  expect(visibleRows({...small, rowCount: 0}, 0)).toEqual({first: 0, end: 0, top: 0});
});

test("reaches the last of ten million rows within the height that a browser allows", () => {
  const bottom = contentHeight(huge) - huge.viewHeight;
  expect(contentHeight(huge)).toBeLessThanOrEqual(8_000_000);
  const {end, first, top} = visibleRows(huge, bottom);
  expect(end).toBe(10_000_000);
  expect(top + (end - first) * 20).toBeCloseTo(contentHeight(huge), 3);
});

test.each([small, huge])("brings any row into view, and leaves the place alone when it is", (layout) => {
  for (const row of [0, 11, 500, layout.rowCount - 1]) {
    const scrollTop = scrollTopFor(layout, row, 0);
    const {first, end} = visibleRows(layout, scrollTop);
    expect(row).toBeGreaterThanOrEqual(first);
    expect(row).toBeLessThan(end);
    expect(scrollTopFor(layout, row, scrollTop)).toBeCloseTo(scrollTop, 3);
  }
});

test("draws only the columns in view", () => {
  const edges = [0, 100, 200, 300, 400];
  expect(visibleColumns(edges, 0, 250)).toEqual({first: 0, end: 3});
  expect(visibleColumns(edges, 150, 100)).toEqual({first: 1, end: 3});
  expect(visibleColumns([0], 0, 100)).toEqual({first: 0, end: 0});
});
