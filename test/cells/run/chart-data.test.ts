import {describe, expect, it} from "vitest";
import {chartTable, lastNumber} from "../../../src/cells/run/chart-data.ts";
import {decimate} from "../../../src/cells/run/decimate.ts";

describe("decimate", () => {
  it("keeps every row when there are few", () => {
    expect(decimate(5, [[1, 2, 3, 4, 5]], 10)).toEqual([0, 1, 2, 3, 4]);
  });

  it("keeps spikes, the ends and the order of a long series, and no more than two rows a bucket", () => {
    const column = Float64Array.from({length: 100_000}, (_, i) => Math.sin(i / 1000));
    column[51_234] = 40;
    column[77_777] = -40;
    const rows = decimate(column.length, [column], 300);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(rows).toEqual(expect.arrayContaining([0, 51_234, 77_777, 99_999]));
    expect(rows.length).toBeLessThanOrEqual(602);
  });

  it("keeps the rare rows of a sparse series", () => {
    const dense = Float64Array.from({length: 10_000}, (_, i) => i);
    const sparse = Float64Array.from({length: 10_000}, (_, i) => (i === 1234 || i === 8765 ? 1 : Number.NaN));
    expect(decimate(10_000, [dense, sparse], 50)).toEqual(expect.arrayContaining([1234, 8765]));
  });
});

describe("chartTable", () => {
  it("is x and the columns asked for, null where a row has no finite number", () => {
    const columns = {loss: [2, Number.NaN, 1], accuracy: [0, 0.5, Number.POSITIVE_INFINITY]};
    expect(chartTable({step: [0, 10, 20], columns}, ["loss", "accuracy", "none"], 100)).toEqual([
      [0, 10, 20],
      [2, null, 1],
      [0, 0.5, null],
      [null, null, null]
    ]);
  });

  it("numbers the rows where steps go back, as in rewinding", () => {
    expect(chartTable({step: [0, 10, 5], columns: {loss: [3, 2, 1]}}, ["loss"], 100)[0]).toEqual([0, 1, 2]);
  });
});

it("the last number passes over rows without one", () => {
  expect(lastNumber([1, 2, Number.NaN])).toBe(2);
  expect(lastNumber([Number.NaN])).toBeNull();
  expect(lastNumber(undefined)).toBeNull();
});
