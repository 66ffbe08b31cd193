import {afterEach, beforeEach, expect, test, vi} from "vitest";
import type {OpenNotebook} from "../../../src/cells/app/open-notebook.ts";
import {RunLog} from "../../../src/cells/app/run-log.ts";
import type {AppServices} from "../../../src/cells/app/services.ts";
import type {CellStatus} from "../../../src/runtime/types.ts";

beforeEach(() => vi.useFakeTimers({now: 1_000_000}));
afterEach(() => vi.useRealTimers());

const cell = (id: number, startedAt: number) => ({id, startedAt, state: "done"}) as CellStatus;

function logged() {
  const durations: number[] = [];
  const services = {
    engine: {status: () => ({backend: null, memory: null, running: []})},
    lastRuns: {put: async ({durationMs}: {durationMs: number}) => void durations.push(durationMs)}
  } as unknown as AppServices;
  return {durations, log: new RunLog(services, {name: "a"} as OpenNotebook, () => [])};
}

test("a run lasts from its first cell's start to the end, with the queries that follow at once", async () => {
  const {durations, log} = logged();
  vi.setSystemTime(1_005_000);
  await log.settled([cell(1, 1_000_000), cell(2, 1_004_000)]);
  vi.setSystemTime(1_005_400);
  await log.settled([cell(1, 1_000_000), cell(2, 1_005_300)]);
  expect(durations).toEqual([5000, 5400]);
});

test("what starts later is a run of its own", async () => {
  const {durations, log} = logged();
  vi.setSystemTime(1_005_000);
  await log.settled([cell(1, 1_000_000)]);
  vi.setSystemTime(1_060_000);
  await log.settled([cell(1, 1_059_000)]);
  expect(durations).toEqual([5000, 1000]);
});

test("nothing is noted when nothing started", async () => {
  const {durations, log} = logged();
  await log.settled([cell(1, 0)]);
  expect(durations).toEqual([]);
});
