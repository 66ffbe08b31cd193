import {expect, test} from "vitest";
import {formatPlace, formatTick, formatTimeTick} from "../../../src/cells/curves/format-axis.ts";
import {logTicks} from "../../../src/cells/curves/log-ticks.ts";
import {lastValue, valueAt} from "../../../src/cells/curves/reading.ts";

test.each([
  [1, 1000, 6, [1, 10, 100, 1000]],
  [0.05, 3, 6, [0.05, 0.1, 0.2, 0.5, 1, 2]],
  [2, 7, 9, [2, 3, 4, 5, 6, 7]],
  [1e-9, 1e9, 5, [1e-8, 1e-4, 1, 1e4, 1e8]],
  [3.11, 3.19, 5, [3.11, 3.19]],
  [0, 1, 5, []]
])("a logarithmic axis from %d to %d with room for %d ticks", (low, high, most, ticks) => {
  expect(logTicks(low, high, most)).toEqual(ticks);
});

test("numbers at ticks are short", () => {
  expect([0, 0.25, -1500, 2e6, 3e-5, 1e20].map(formatTick)).toEqual([
    "0",
    "0.25",
    "−1.5k",
    "2M",
    "3e−5",
    "1e20"
  ]);
  expect(formatTimeTick(0, 86_400_000)).toMatch(/1 Jan/);
  expect(formatTimeTick(0, 1000)).toMatch(/^\d\d:\d\d:\d\d$/);
});

test("a place is said in the words of its axis", () => {
  expect(formatPlace("step", 1233.7, null)).toBe("step 1,234");
  expect(formatPlace("relative", 12.34, null)).toBe("12.3 s");
  expect(formatPlace({key: "totalFlops"}, 2e9, null)).toBe("total flops 2.00e9");
});

const reading = {x: [0, 10, 20], y: [5, Number.NaN, 7], low: [5, Number.NaN, 6], high: [5, Number.NaN, 9]};

test("a curve is read at a place or the last before it, not before its start nor after its end", () => {
  expect(valueAt(reading, -1)).toBeNull();
  expect(valueAt(reading, 3)).toEqual({y: 5, around: null});
  expect(valueAt(reading, 12)?.y).toBe(5);
  expect(valueAt(reading, 25)).toEqual({y: 7, around: [6, 9]});
  expect(valueAt(reading, 36)).toBeNull();
  expect(lastValue(reading)?.y).toBe(7);
  expect(lastValue({x: [], y: [], low: null, high: null})).toBeNull();
});
