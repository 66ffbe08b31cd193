import {expect, it} from "vitest";
import {watchLive} from "../../src/training/live.ts";
import {Rate} from "../../src/training/rate.ts";
import {RunCache} from "../../src/training/run-cache.ts";
import {RunCore} from "../../src/training/run-core.ts";
import type {RunRecord} from "../../src/training/types.ts";
import {MemorySink} from "./support/memory-sink.ts";

const record = (fingerprint: string): RunRecord => ({
  runId: fingerprint,
  name: "",
  notebook: "",
  cellId: null,
  cellExecId: null,
  experiment: "",
  parentRunId: null,
  tags: {},
  tab: null,
  attempt: 1,
  status: "completed",
  params: {},
  seed: 0,
  code: "",
  fingerprint,
  backend: null,
  versions: {},
  dataHash: "",
  createdAt: 0,
  startedAt: 0,
  endedAt: 0,
  lastStep: null,
  error: null
});

it("holds what makes cached runs whole up to 64 MiB, and reads the rest from the store", async () => {
  const sink = new MemorySink();
  const cache = new RunCache({sink, now: () => 0, delay: () => undefined});
  const put = async (name: string) => {
    const core = new RunCore(record(name), null);
    const tree = new Float64Array(3 * 2 ** 20).fill(1);
    const about = {runId: name, name: "c", step: 1, timeMs: 0, tree, sizeBytes: 0};
    cache.takeCheckpoint(core, {type: "checkpoint", ...about});
    sink.record(record(cache.keyOf({core, fingerprint: name, isMoved: false, liveChanged: false})));
    await cache.keep(name, core);
    // Of these the memory is the only keeper.
    return sink.content.pop();
  };
  await put("a");
  await put("b");
  expect((await cache.find("a"))?.checkpoints.has("c")).toBe(true);
  const stored = await put("c");
  const found = async (name: string) => (await cache.find(name)) !== null;
  expect([await found("a"), await found("b"), await found("c")]).toEqual([true, false, true]);
  if (stored) sink.content.push({...stored, runId: "b+fields"});
  expect((await cache.find("b"))?.checkpoints.get("c")?.tree).toEqual(new Float64Array(3 * 2 ** 20).fill(1));
});

it("keeps the last thousand lines of a log", () => {
  const core = new RunCore(record("a"), null);
  for (let i = 0; i < 1500; ++i) core.addLogs([{timeMs: 0, step: i, level: "log", text: String(i)}]);
  expect([core.logs.length, core.logs[0].text]).toEqual([1000, "500"]);
});

it("measures the rate over the last five seconds, and the time left by it", () => {
  const rate = new Rate(1000);
  for (let s = 0; s <= 10; ++s) rate.add(1000 * s, s, {});
  for (let s = 11; s <= 20; ++s) rate.add(1000 * s, 10 + 10 * (s - 10), {});
  expect(rate.progress(false)).toEqual({
    step: 110,
    totalSteps: 1000,
    fraction: 0.11,
    stepsPerSecond: 10,
    etaMs: 89_000
  });
  expect(rate.progress(true)).toMatchObject({fraction: 1, etaMs: 0});
});

it("says nothing of a rate that it cannot know", () => {
  const rate = new Rate(null);
  expect(rate.progress(false)).toMatchObject({step: null, stepsPerSecond: null, etaMs: null});
  rate.add(0, 5, {});
  rate.add(0, 5, {});
  expect(rate.progress(false)).toMatchObject({step: 5, stepsPerSecond: null, etaMs: null, fraction: null});
});

it("reports live values until it is stopped, and ends the iterables it read", async () => {
  const seen: unknown[] = [];
  let send: (value: number) => void = () => undefined;
  let isEnded = false;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<number>>((resolve) => (send = (value) => resolve({done: false, value}))),
      return: async () => {
        isEnded = true;
        return {done: true as const, value: undefined};
      }
    })
  };
  const watch = watchLive(
    {rate: source},
    (_, value) => seen.push(value),
    () => undefined
  );
  expect(watch).toMatchObject({initial: {rate: undefined}, hasPlain: false});
  send(1);
  await Promise.resolve();
  await Promise.resolve();
  watch.stop();
  send(2);
  await Promise.resolve();
  await Promise.resolve();
  expect(seen).toEqual([1]);
  expect(isEnded).toBe(true);
});

it("reports a live value that cannot be sent instead of sending it", () => {
  const input = Object.assign(new EventTarget(), {value: 1 as unknown});
  const errors: unknown[] = [];
  watchLive(
    {rate: input},
    () => expect.unreachable(),
    (error) => errors.push(error)
  );
  input.value = () => 1;
  input.dispatchEvent(new Event("input"));
  expect(String(errors[0])).toMatch(/live\.rate is a function/);
});
