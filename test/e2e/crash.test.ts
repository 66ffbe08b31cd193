import {expect, test} from "vitest";
import {crashJournal} from "../torture/crash-journal.ts";
import {crashProduct} from "../torture/crash-product.ts";

test("a browser killed 20 times while a run writes loses no acknowledged row and shows none twice or in part", {
  timeout: 600_000
}, async () => {
  const report = await crashProduct({rounds: 20, seed: 1, compareEvery: 4});
  expect(report).toMatchObject({rounds: 20, lost: 0, doubled: 0, wrong: 0, unended: 0});
  // Otherwise nothing was tried.
  expect(report.acknowledgedRows).toBeGreaterThan(20);
});

test("a browser killed 20 times while a journal appends, deletes and compacts loses nothing either", {
  timeout: 600_000
}, async () => {
  const report = await crashJournal({rounds: 20, seed: 1});
  expect(report).toMatchObject({
    rounds: 20,
    lost: 0,
    doubled: 0,
    wrong: 0,
    lostBlobs: 0,
    undeleted: 0
  });
  expect(report.acknowledgedRows).toBeGreaterThan(20);
  expect(report.whileCompacting).toBeGreaterThan(0);
  expect(report.tornLists).toBeGreaterThan(0);
});
