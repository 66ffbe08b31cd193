import {expect, test} from "vitest";
import {
  classCount,
  type Dataset,
  gatherRows,
  outcomeShape,
  rowCount,
  subset
} from "../../../src/ops/datasets/index.ts";

const regression: Dataset = {
  name: "pairs",
  inputs: Float32Array.of(1, 2, 3),
  inputShape: [1],
  labels: new Int32Array(),
  classes: 0,
  targets: Float32Array.of(10, 11, 20, 21, 30, 31),
  targetShape: [2]
};

const text: Dataset = {
  name: "abc",
  inputs: new Float32Array(),
  inputShape: [3],
  labels: new Int32Array(),
  classes: ["a", "b", "c"],
  tokens: Int32Array.of(0, 1, 2, 1, 0, 2)
};

test("rows with targets are counted and taken by the shape of a target", () => {
  expect(rowCount(regression)).toBe(3);
  expect(outcomeShape(regression)).toEqual([2]);
  const rows = gatherRows(regression, [2, 0, 2]);
  expect(rows).toEqual({inputs: Float32Array.of(3, 1, 3), targets: Float32Array.of(30, 31, 10, 11, 30, 31)});
});

test("a class at every position is taken by labelShape", () => {
  const data = {...regression, targets: undefined, labels: Int32Array.of(1, 2, 3, 4, 5, 6), labelShape: [2]};
  expect(rowCount(data)).toBe(3);
  expect(gatherRows(data, [1]).labels).toEqual(Int32Array.of(3, 4));
});

test("a text's rows are its windows, and their labels the tokens one further", () => {
  expect(rowCount(text)).toBe(3);
  expect(classCount(text)).toBe(3);
  expect(outcomeShape(text)).toEqual([3]);
  expect(gatherRows(text, [2])).toEqual({inputs: Float32Array.of(2, 1, 0), labels: Int32Array.of(1, 0, 2)});
});

test("a text with a stride has the windows that leave a token to predict", () => {
  const tokens = Int32Array.from({length: 7}, (_, i) => i);
  expect(rowCount({...text, tokens, stride: 3})).toBe(2);
  expect(rowCount({...text, tokens: tokens.subarray(0, 6), stride: 3})).toBe(1);
  expect(rowCount({...text, tokens: tokens.subarray(0, 3)})).toBe(0);
  expect(gatherRows({...text, tokens, stride: 3}, [1]).labels).toEqual(Int32Array.of(4, 5, 6));
});

test("a subset of a text holds its windows as rows of their own", () => {
  const two = subset(text, [0, 2]);
  expect(rowCount(two)).toBe(2);
  expect(two.tokens).toBeUndefined();
  expect(gatherRows(two, [1])).toEqual(gatherRows(text, [2]));
});

test.each([[3], [-1], [0.5], [Number.NaN]])("there is no row %d", (row) => {
  expect(() => gatherRows(regression, [0, row])).toThrow(
    `pairs has the rows 0 to 2; there is no row ${row}.`
  );
  expect(() => gatherRows(text, [row])).toThrow("there is no row");
});

test("a subset of a regression keeps targets and no labels", () => {
  const one = subset(regression, [1]);
  expect(one.targets).toEqual(Float32Array.of(20, 21));
  expect([one.labels.length, rowCount(one)]).toEqual([0, 1]);
});
