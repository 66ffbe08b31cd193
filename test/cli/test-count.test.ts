import {expect, test} from "vitest";
import {countTests} from "../../src/cli/test-count.ts";

const report = {numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: []};

test("counts tests as Vitest does", () => {
  const failing = {...report, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1};
  expect(countTests(failing, 1)).toEqual({passed: 3, failed: 2, skipped: 2});
});

test("a file that could not be imported is a failure", () => {
  const testResults = [
    {status: "failed", assertionResults: []},
    {status: "failed", assertionResults: [{status: "failed"}]},
    {status: "passed", assertionResults: [{status: "passed"}]}
  ];
  expect(countTests({...report, numFailedTests: 1, testResults}, 1).failed).toBe(2);
});

test("a failing exit code without a failing test is a failure", () => {
  expect(countTests(report, 1).failed).toBe(1);
  expect(countTests(report, 0).failed).toBe(0);
});
