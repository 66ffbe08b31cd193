import {describe, expect, it} from "vitest";
import {
  formatAgo,
  formatDuration,
  formatMetric,
  formatParam,
  formatRate,
  formatTick,
  formatTimeLeft
} from "../../../src/cells/run/format.ts";

describe("formatMetric", () => {
  it.each([
    [0.96234, "0.962"],
    [0, "0"],
    [12, "12"],
    [2.31259, "2.313"],
    [34.5678, "34.57"],
    [345.678, "345.7"],
    [12345.6, "12,346"],
    [0.04567, "0.0457"],
    [0.001234, "0.00123"],
    [0.0000123, "1.23e−5"],
    [2.5e9, "2.50e9"],
    [-0.5, "−0.500"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"]
  ])("%d reads %s", (value, text) => expect(formatMetric(value)).toBe(text));
});

it("durations change their unit, not their precision, as they grow", () => {
  expect([430, 12_300, 125_000, 4_320_000].map(formatDuration)).toEqual([
    "0.4 s",
    "12.3 s",
    "2 min 05 s",
    "1 h 12 min"
  ]);
});

it("time left is rounded up", () => {
  expect([300, 8_100, 61_000, 3_700_000].map(formatTimeLeft)).toEqual([
    "< 1 s left",
    "9 s left",
    "2 min left",
    "1 h 02 min left"
  ]);
});

it("slow steps are given in seconds", () => {
  expect([4120.4, 3.14, 0.25].map(formatRate)).toEqual(["4,120 steps/s", "3.1 steps/s", "4.0 s/step"]);
});

it("times past are told in the largest unit", () => {
  const day = 86_400_000;
  expect([10_000, 300_000, 2 * day + 5, 65 * day].map((ms) => formatAgo(0, ms))).toEqual([
    "just now",
    "5 minutes ago",
    "2 days ago",
    "2 months ago"
  ]);
});

it("parameters are short", () => {
  expect([0.1 + 0.2, [784, 300, 10], "adam", true, new Float32Array(100)].map(formatParam)).toEqual([
    "0.3",
    "[784, 300, 10]",
    "adam",
    "true",
    "100 values"
  ]);
  expect(formatParam("x".repeat(40))).toHaveLength(24);
});

it("an axis has short labels, however large its numbers are", () => {
  const ticks = [null, 0, 0.25, -2, 999, 2500, 1_500_000, 2e9, 1e153, -2.5e153, 1.5e-7];
  expect(ticks.map(formatTick)).toEqual([
    "",
    "0",
    "0.25",
    "-2",
    "999",
    "2.5k",
    "1.5M",
    "2e9",
    "1e153",
    "-2.5e153",
    "1.50e−7"
  ]);
});
