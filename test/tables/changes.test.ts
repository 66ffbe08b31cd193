import {afterEach, beforeEach, expect, test, vi} from "vitest";
import {TableChanges} from "../../src/tables/changes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(changes: TableChanges) {
  const told: {revision: number; at: number}[] = [];
  const started = Date.now();
  const watching = changes.watch("metrics");
  const done = (async () => {
    for await (const revision of watching) told.push({revision, at: Date.now() - started});
  })();
  return {told, watching, done};
}

test("tells the revision at once and each later change", async () => {
  const changes = new TableChanges(250);
  const {told} = watch(changes);
  await vi.advanceTimersByTimeAsync(1000);
  changes.bump("metrics");
  changes.bump("runs");
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual([
    {revision: 0, at: 0},
    {revision: 1, at: 1000}
  ]);
});

test("tells at most four changes a second, and always the last one", async () => {
  const changes = new TableChanges(250);
  const {told} = watch(changes);
  for (let i = 0; i < 100; i++) {
    await vi.advanceTimersByTimeAsync(10);
    changes.bump("metrics");
  }
  await vi.advanceTimersByTimeAsync(1000);
  const gaps = told.slice(1).map(({at}, i) => at - told[i].at);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
  expect(told.length).toBeLessThanOrEqual(6);
  expect(told.at(-1)?.revision).toBe(100);
});
