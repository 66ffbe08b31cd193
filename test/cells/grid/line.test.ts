import {vectorFromArray} from "apache-arrow";
import {expect, test} from "vitest";
import {linePath, lineText, listNumbers} from "../../../src/cells/grid/line.ts";

test("numbers come from arrays, typed arrays and vectors; what is missing is NaN", () => {
  expect(listNumbers([1, null, 3n])).toEqual([1, Number.NaN, 3]);
  expect(listNumbers(vectorFromArray([1.5, null]))).toEqual([1.5, Number.NaN]);
  expect(listNumbers(null)).toEqual([]);
});

test("a single spike among many values is drawn, and NaN leaves a gap", () => {
  const spiky = Array.from({length: 10_000}, (_, i) => (i === 5123 ? 100 : 0));
  expect(linePath(spiky)).toMatch(/L\d+\.\d 2\.0/);
  expect(linePath([0, 1, Number.NaN, 0, 1]).match(/M/g)?.length).toBe(2);
});

test("in words", () => {
  expect(lineText([1, 0.123456])).toBe("2 values, 1 to 0.1235");
});
