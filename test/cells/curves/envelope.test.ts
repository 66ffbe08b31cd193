import {expect, test} from "vitest";
import {Envelope} from "../../../src/cells/curves/envelope.ts";
import {smooth} from "../../../src/cells/curves/smooth.ts";

function filled(capacity: number, values: readonly number[], x = (i: number) => i): Envelope {
  const envelope = new Envelope(capacity);
  for (const [i, value] of values.entries()) envelope.add(x(i), value, i);
  return envelope;
}

const column = (envelope: Envelope, name: "firstX" | "lastX" | "low" | "high" | "rows" | "odd") => [
  ...envelope[name].subarray(0, envelope.length)
];

test("few rows stay as they are", () => {
  const envelope = filled(8, [3, 1, Number.NaN, 2]);
  expect(column(envelope, "low")).toEqual([3, 1, Number.NaN, 2]);
  expect(column(envelope, "odd")).toEqual([0, 0, 1, 0]);
  expect([envelope.size, envelope.seq]).toEqual([4, 3]);
});

test("however many rows come, every spike, dip and odd value stays, and no row is forgotten", () => {
  for (const count of [100, 1000, 54_321]) {
    const values = Array.from({length: count}, (_, i) => Math.sin(i));
    values[Math.floor(count / 3)] = 99;
    values[Math.floor(count / 2)] = -99;
    values[Math.floor(count / 5)] = Number.NaN;
    values[Math.floor(count / 4)] = Number.POSITIVE_INFINITY;
    const envelope = filled(64, values);
    expect(envelope.length).toBeLessThanOrEqual(64);
    expect(Math.max(...column(envelope, "high"))).toBe(99);
    expect(Math.min(...column(envelope, "low"))).toBe(-99);
    expect(column(envelope, "odd").reduce((all, bits) => all | bits)).toBe(3);
    expect(column(envelope, "rows").reduce((sum, n) => sum + n)).toBe(count);
    const spike = envelope.at(Math.floor(count / 3));
    expect(envelope.high[spike]).toBe(99);
  }
});

test("stretches that SQL made and rows that follow keep their resolution alike", () => {
  const envelope = new Envelope(64);
  const n = 32;
  const first = Float64Array.from({length: n}, (_, i) => i * 100);
  const ones = new Float64Array(n).fill(1);
  const odd = new Float64Array(n);
  const rows = new Float64Array(n).fill(100);
  envelope.addStretches({
    runId: "r",
    key: "k",
    firstX: first,
    lastX: first.map((x) => x + 99),
    low: ones,
    high: ones,
    total: rows,
    finite: rows,
    rows,
    odd,
    seq: first.map((x) => x + 99)
  });
  for (let i = 3200; i < 6400; ++i) envelope.add(i, 2, i);
  const early = column(envelope, "lastX").filter((x) => x < 3200).length;
  expect(early).toBeGreaterThan(8);
  expect([envelope.size, envelope.seq]).toEqual([6400, 6399]);
});

test("a row of an earlier step is joined where it belongs", () => {
  const envelope = filled(8, [5, 6, 7]);
  envelope.add(1, 60, 3);
  expect(column(envelope, "high")).toEqual([5, 60, 7]);
  expect(envelope.mean(1)).toBe(33);
});

test("a row without a place on the axis is counted and not drawn", () => {
  const envelope = new Envelope(8, Math.log10);
  envelope.add(0, 1, 0);
  envelope.add(10, 2, 1);
  expect([envelope.size, envelope.length, envelope.seq]).toEqual([2, 1, 1]);
});

test("rows that all bear one x become one stretch", () => {
  expect(
    filled(
      8,
      Array.from({length: 100}, (_, i) => i),
      () => 7
    ).length
  ).toBeLessThanOrEqual(8);
});

test("smoothing starts at the first value and follows a constant exactly", () => {
  expect([...smooth(filled(8, [4, 4, 4]), 0.9)].map((x) => x.toFixed(12))).toEqual(
    Array(3).fill("4.000000000000")
  );
  const [first, second] = smooth(filled(8, [1, 3]), 0.5);
  expect([first, second]).toEqual([1, (0.25 * 1 + 0.5 * 3) / 0.75]);
});

test("smoothing hardly depends on how many stretches there are, and passes over NaN", () => {
  const values = Array.from({length: 4000}, (_, i) => 1 + Math.exp(-i / 800) + 0.2 * Math.sin(i * 12.9898));
  values[17] = Number.NaN;
  const [fine, coarse] = [filled(8000, values), filled(256, values)].map((envelope) => {
    const smoothed = smooth(envelope, 0.99);
    return (x: number) => smoothed[envelope.at(x)];
  });
  for (const x of [500, 2000, 3999]) expect(Math.abs(fine(x) - coarse(x))).toBeLessThan(0.02);
});
