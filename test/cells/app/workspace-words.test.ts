import {expect, it} from "vitest";
import type {WorkspaceRun} from "../../../src/cells/app/workspace/types.ts";
import {
  badgeOf,
  importWords,
  isNotebook,
  percent,
  reportWords,
  roomOf,
  runsBefore
} from "../../../src/cells/app/workspace/words.ts";
import type {JournalStatus} from "../../../src/tables/journal/types.ts";

const status = (change: Partial<JournalStatus> = {}): JournalStatus => ({
  role: "leader",
  sizeBytes: 2e6,
  quota: {usageBytes: 10e6, quotaBytes: 100e6},
  persisted: true,
  failure: null,
  repaired: [],
  ...change
});

it("says how much room there is, and warns from four fifths on", () => {
  expect(roomOf(status())).toMatchObject({share: 0.1, isShort: false});
  expect(roomOf(status({quota: {usageBytes: 79e6, quotaBytes: 100e6}}))?.isShort).toBe(false);
  expect(roomOf(status({quota: {usageBytes: 80e6, quotaBytes: 100e6}}))?.isShort).toBe(true);
  // What the browser says lags behind what was written.
  expect(roomOf(status({sizeBytes: 85e6}))).toMatchObject({usageBytes: 85e6, isShort: true});
  expect(roomOf(status({quota: null}))).toBeNull();
  expect([percent(0), percent(0.004), percent(0.999)]).toEqual(["0 %", "less than 1 %", "99 %"]);
});

it("the footer says what matters most", () => {
  const failure = {message: "The disk is full.", unwrittenBytes: 1500};
  const full = {usageBytes: 90e6, quotaBytes: 100e6};
  expect(badgeOf(null)).toBeNull();
  expect(badgeOf(status())).toMatchObject({kind: "quiet", text: "2.0 MB"});
  expect(badgeOf(status({quota: full}))).toMatchObject({kind: "warning", text: "Disk 90 % full"});
  expect(badgeOf(status({newer: "Reload this page.", quota: full}))).toEqual({
    kind: "warning",
    text: "Reload",
    title: "Reload this page."
  });
  expect(badgeOf(status({role: "memory"}))).toMatchObject({kind: "warning", text: "Not kept"});
  expect(badgeOf(status({quota: full, failure}))).toMatchObject({
    kind: "error",
    text: "Not recorded",
    title: "The disk is full. 1.5 kB wait in memory."
  });
});

it("says how far an import is, and of how much where that is known", () => {
  expect(importWords({metricRows: 1200, ofRows: null})).toBe("1,200 values");
  expect(importWords({metricRows: 1200, ofRows: 1e6})).toBe("1,200 of 1,000,000 values");
});

it("says what an import did", () => {
  const report = {runs: 2, knownRuns: 1, params: 4, metricRows: 1200, notes: []};
  expect(reportWords(report)).toBe("Imported 2 runs with 1,200 values. 1 run was here already.");
  expect(reportWords({...report, runs: 0, knownRuns: 3})).toBe("Nothing new. 3 runs were here already.");
  expect(reportWords({...report, runs: 1, knownRuns: 0, metricRows: 0})).toBe("Imported 1 run.");
});

it("old runs are those that ended before then; not those that go on, nor those of unknown age", () => {
  const run = (runId: string, at: number | null, state = "completed"): WorkspaceRun => ({
    runId,
    name: runId,
    experiment: "",
    status: state,
    source: "petri",
    at,
    sizeBytes: 1
  });
  const runs = [run("old", 1), run("new", 10), run("unknown", null), run("going", 1, "running")];
  expect(runsBefore(runs, 5).map(({runId}) => runId)).toEqual(["old"]);
});

it("tells notebooks from what is for the store", () => {
  const named = (name: string, type = "") => isNotebook(new File([], name, {type}));
  expect([
    named("a.html"),
    named("A.HTM"),
    named("a", "text/html"),
    named("mlflow.db"),
    named("a.zip")
  ]).toEqual([true, true, true, false, false]);
});
