import {describe, expect, test} from "vitest";
import {
  applyScaler,
  type Dataset,
  dataHash,
  fitScaler,
  folds,
  invertScaler,
  normalise,
  oneHot,
  rowCount,
  split
} from "./exports.ts";

/** Ten rows of class 0, twenty of 1 and seventy of 2; the input of a row is its number. */
const data: Dataset = {
  name: "uneven",
  inputs: Float32Array.from({length: 100}, (_, i) => i),
  inputShape: [1],
  labels: Int32Array.from({length: 100}, (_, i) => (i < 10 ? 0 : i < 30 ? 1 : 2)),
  classes: 3
};
const numbers: Dataset = {
  name: "numbers",
  inputs: Float32Array.of(1, 10, 5, 3, 20, 5),
  inputShape: [3],
  labels: new Int32Array(),
  classes: 0,
  targets: Float32Array.of(100, 300)
};
const shares = (each: Dataset) =>
  [0, 1, 2].map((label) => each.labels.filter((other) => other === label).length);
const rowsOf = (...sets: Dataset[]) => sets.flatMap((each) => Array.from(each.inputs)).sort((a, b) => a - b);

describe("split", () => {
  test("stratified, every class has its share of the test", () => {
    const {train, test} = split(data, {test: 0.2, stratified: true});
    expect([shares(test), shares(train)]).toEqual([
      [2, 4, 14],
      [8, 16, 56]
    ]);
    expect(rowsOf(train, test)).toEqual(Array.from(data.inputs));
    expect(split(data, {stratified: true, seed: 1}).test.inputs).not.toEqual(test.inputs);
  });

  test("keeps targets with their inputs", () => {
    const {train, test} = split(numbers, {test: 0.5});
    for (const half of [train, test]) expect(half.targets?.[0]).toBe(half.inputs[0] === 1 ? 100 : 300);
  });

  test("refuses to stratify by numbers, or to split a text at random", () => {
    expect(() => split(numbers, {stratified: true})).toThrow(
      "numbers has no classes, one a row, to stratify by"
    );
    const text = {...data, tokens: Int32Array.of(0, 1, 2)};
    expect(() => split(text)).toThrow("uneven is a text, whose windows overlap: it is split by position");
  });
});

describe("folds", () => {
  test.each([false, true])("every row is tested once (stratified: %s)", (stratified) => {
    const sets = folds(data, {k: 7, stratified, seed: 2});
    expect(rowsOf(...sets.map(({test}) => test))).toEqual(Array.from(data.inputs));
    for (const {train, test} of sets) {
      expect(rowsOf(train, test)).toEqual(Array.from(data.inputs));
      expect(Math.abs(rowCount(test) - 100 / 7)).toBeLessThan(1);
    }
  });

  test("stratified, every fold has the classes' shares", () => {
    for (const {test} of folds(data, {k: 5, stratified: true})) expect(shares(test)).toEqual([2, 4, 14]);
  });

  test("refuses more folds than rows, and fewer than two", () => {
    expect(() => folds(numbers, {k: 3})).toThrow("k is 3, and numbers has 2 rows");
    expect(() => folds(data, {k: 1})).toThrow("k must be a whole number of at least 2");
  });
});

describe("scalers", () => {
  test("standardise every column; one that is constant is only shifted", () => {
    const scaler = fitScaler(numbers);
    expect(Array.from(scaler.shift)).toEqual([2, 15, 5]);
    expect(Array.from(scaler.scale)).toEqual([1, 5, 1]);
    expect(Array.from(applyScaler(numbers, scaler).inputs)).toEqual([-1, -1, 0, 1, 1, 0]);
  });

  test("bring columns from 0 to 1", () => {
    const scaled = applyScaler(numbers, fitScaler(numbers, {method: "min-max"}));
    expect(Array.from(scaled.inputs)).toEqual([0, 0, 0, 1, 1, 0]);
  });

  test("measure all numbers as one", () => {
    const {shift, scale} = fitScaler(numbers, {method: "min-max", per: "all"});
    expect([Array.from(shift), Array.from(scale)]).toEqual([
      [1, 1, 1],
      [19, 19, 19]
    ]);
  });

  test("scale targets, and back", () => {
    const scaler = fitScaler(numbers, {of: "targets"});
    const scaled = applyScaler(numbers, scaler);
    expect(Array.from(scaled.targets ?? [])).toEqual([-1, 1]);
    expect(scaled.inputs).toBe(numbers.inputs);
    expect(invertScaler(scaled, scaler)).toEqual(numbers);
  });

  test("normalise measures the rows to train on alone", () => {
    const test = {...numbers, inputs: Float32Array.of(4, 15, 6), targets: Float32Array.of(1)};
    const scaled = normalise({train: numbers, test});
    expect(Array.from(scaled.test.inputs)).toEqual([2, 0, 1]);
    expect(Array.from(scaled.train.inputs)).toEqual([-1, -1, 0, 1, 1, 0]);
  });

  test("refuse rows of another size, and what has no numbers", () => {
    const scaler = fitScaler(numbers);
    expect(() => applyScaler(data, scaler)).toThrow("fitted on rows of 3 inputs; uneven has 1");
    expect(() => fitScaler(data, {of: "targets"})).toThrow("uneven has no targets that are numbers");
  });
});

test("oneHot has a 1 at each label, and refuses one out of range", () => {
  expect(Array.from(oneHot([2, 0], 3))).toEqual([0, 0, 1, 1, 0, 0]);
  expect(() => oneHot([0, 3], 3)).toThrow("oneHot, label 1: expected a class from 0 to 2, got 3");
  expect(() => oneHot([-1], 3)).toThrow("got -1");
});

describe("dataHash", () => {
  const text = {...data, tokens: Int32Array.of(0, 1, 2)};
  const regressed = {...data, targets: data.inputs};
  test.each<[string, Dataset, Dataset]>([
    ["inputs", data, {...data, inputs: data.inputs.map((value) => value + 1)}],
    ["the order of rows", data, {...data, inputs: data.inputs.toReversed()}],
    [
      "the kind of an array",
      {...data, inputs: new Float32Array(100)},
      {...data, inputs: new Int32Array(100) as never}
    ],
    ["labels", data, {...data, labels: data.labels.map((label) => label ^ 1)}],
    ["the shape", data, {...data, inputShape: [1, 1]}],
    ["the shape of labels", data, {...data, labelShape: [1]}],
    ["the names of the classes", data, {...data, classes: ["a", "b", "c"]}],
    ["targets", data, regressed],
    ["the shape of targets", regressed, {...regressed, targetShape: [1]}],
    ["tokens", data, text],
    ["the stride", text, {...text, stride: 2}]
  ])("tells %s", async (_, one, other) => {
    expect(await dataHash(other)).not.toBe(await dataHash(one));
  });

  test("is the same for the same content, also in a part of a larger buffer", async () => {
    const larger = new Float32Array(150);
    larger.set(data.inputs, 20);
    const copy = {
      ...data,
      name: "a copy",
      attribution: "nobody",
      inputs: larger.subarray(20, 120),
      labelShape: []
    };
    expect(await dataHash(copy)).toBe(await dataHash(data));
    expect(await dataHash(data)).toMatch(/^[0-9a-f]{64}$/);
  });
});
