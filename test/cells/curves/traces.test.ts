import {expect, test} from "vitest";
import {Envelope} from "../../../src/cells/curves/envelope.ts";
import {groupTrace} from "../../../src/cells/curves/group-trace.ts";
import {extentOfY} from "../../../src/cells/curves/scale.ts";
import {runTrace} from "../../../src/cells/curves/traces.ts";

function curve(values: readonly number[], capacity = 4096): Envelope {
  const envelope = new Envelope(capacity);
  for (const [i, value] of values.entries()) envelope.add(i, value, i);
  return envelope;
}

const identity = (x: number) => x;
const options = {smoothing: 0, band: "minmax", extent: [0, 399], place: identity, unplace: identity} as const;
const flat = (y: number) => curve(Array(400).fill(y));

test("a run's line has every value while there is room", () => {
  const {line, raw, marks} = runTrace("a", curve([3, 1, 2]), 0);
  expect([[...Array.from(line.x)], [...Array.from(line.y)]]).toEqual([
    [0, 1, 2],
    [3, 1, 2]
  ]);
  expect(raw).toBeNull();
  expect(marks).toEqual([]);
});

test("a spike in many rows is on the line, and under a smoothed line on the values behind it", () => {
  const values = Array.from({length: 50_000}, (_, i) => (i === 31_234 ? 1000 : 1));
  const many = curve(values, 256);
  expect(Math.max(...Array.from(runTrace("a", many, 0).line.y))).toBe(1000);
  const {line, raw} = runTrace("a", many, 0.9);
  expect(Math.max(...Array.from(raw?.y ?? []))).toBe(1000);
  expect(Math.max(...Array.from(line.y))).toBeLessThan(1000);
});

test("a NaN leaves a gap and a mark, infinities a mark", () => {
  const {line, marks} = runTrace("a", curve([1, Number.NaN, 3, Number.NEGATIVE_INFINITY]), 0);
  expect(Array.from(line.y)).toEqual([1, Number.NaN, 3, Number.NaN]);
  expect(marks).toEqual([
    {x: 1, odd: 1},
    {x: 3, odd: 4}
  ]);
});

test("a group is drawn as the mean of its runs, with all of their values in the band", () => {
  const spiky = curve(Array.from({length: 400}, (_, i) => (i === 123 ? 50 : 3)));
  const {line, band} = groupTrace("g", [flat(1), spiky], options);
  expect(line.y[10]).toBe(2);
  expect([band?.low[10], band?.high[10]]).toEqual([1, 3]);
  expect(Math.max(...Array.from(band?.high ?? []))).toBe(50);
});

test("the band of deviations is the sample's", () => {
  const {band} = groupTrace("g", [flat(1), flat(2), flat(3)], {...options, band: "std"});
  expect(band?.low[7]).toBeCloseTo(1, 12);
  expect(band?.high[7]).toBeCloseTo(3, 12);
});

test("a run that has ended no longer counts, and is not drawn on", () => {
  const short = curve(Array(100).fill(9));
  const {line} = groupTrace("g", [flat(1), short], options);
  expect([line.y[50], line.y[200]]).toEqual([5, 1]);
  expect(groupTrace("g", [short], options).line.y[200]).toBeNaN();
});

test("the vertical extent covers what is in view, with a little air", () => {
  const traces = [runTrace("a", curve([10, 1, 2, 3]), 0)];
  const [low, high] = extentOfY(traces, [1, 3], false);
  expect(low).toBeCloseTo(0.9);
  expect(high).toBeCloseTo(3.1);
  const [least] = extentOfY([runTrace("a", curve([-5, 0, 1, 100]), 0)], [0, 3], true);
  expect(least).toBeGreaterThan(0);
  expect(extentOfY([], [0, 1], false)).toEqual([0, 1]);
});
