import {expect, test} from "vitest";
import {parseOptions} from "../../src/cells/runs/options.ts";
import {fragment} from "../../src/tables/sql-text.ts";

test("runs of the open notebook, unless others are named", () => {
  expect(parseOptions({}, "mine")).toMatchObject({notebook: "mine", metrics: null, params: "differing"});
  expect(parseOptions({notebook: null}, "mine")).not.toHaveProperty("notebook");
  expect(parseOptions({runs: ["a"]}, "mine")).not.toHaveProperty("notebook");
  expect(parseOptions({runs: ["a"], notebook: "other"}, "mine")).toMatchObject({
    notebook: "other",
    ids: ["a"]
  });
});

test("runs are given as ids, as runs and as SQL", () => {
  const run = {record: {runId: "r"}};
  expect(parseOptions({runs: ["a", run]}, "").ids).toEqual(["a", "r"]);
  expect(parseOptions({runs: "seed > 3"}, "").where?.strings).toEqual(["seed > 3"]);
  const where = fragment`seed > ${3}`;
  expect(parseOptions({runs: where}, "").where).toBe(where);
});

test.each([
  [{metric: "loss"}, 'runsTable() has no option "metric"; it has runs, notebook'],
  [{metrics: [1]}, "expected metrics to be the name of a metric or a list of names, got [1]"],
  [{params: "some"}, 'expected params to be "differing", "all" or a list of names, got "some"'],
  [{limit: 0}, "expected limit to be a whole number above 0, got 0"],
  [{curve: 3}, "expected curve to be the name of a metric or null, got 3"],
  [{runs: [1]}, "expected runs or their ids, got 1 among them"],
  [{runs: 1}, "expected runs to be a condition in SQL, or a list of runs or ids, got 1"]
])("%j says what is wrong", (options, message) => {
  expect(() => parseOptions(options as never, "")).toThrow(message);
});
