import {expect, test} from "vitest";
import {TableChanges} from "../../src/tables/changes.ts";
import {RunStore, type RunWriter} from "../../src/tables/run-store.ts";
import type {MetricBatch, RunRecord} from "../../src/tables/types.ts";
import type {RunSink} from "../../src/training/types.ts";

function run(overrides: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: "r1",
    name: "first",
    notebook: "quickstart",
    cellId: 3,
    status: "running",
    params: {sparsity: 0.5},
    seed: 1,
    code: "",
    fingerprint: "f",
    backend: null,
    versions: {},
    dataHash: "",
    createdAt: 1,
    startedAt: null,
    endedAt: null,
    lastStep: null,
    error: null,
    ...overrides
  };
}

function batch(runId: string, seq: number): MetricBatch {
  const one = Float64Array.of(seq);
  return {runId, seq, step: one, timeMs: one, columns: {loss: one}};
}

class FakeWriter implements RunWriter {
  runs: RunRecord[] = [];
  streams: Uint8Array[] = [];
  failure: Error | null = null;
  /** Whether the tables are missing. */
  isTorn = false;
  async writeRuns(runs: readonly RunRecord[]) {
    this.runs.push(...runs);
  }
  async writeMetrics(streams: readonly Uint8Array[]) {
    if (this.failure) throw this.failure;
    this.streams.push(...streams);
  }
  async mend() {
    if (!this.isTorn) return false;
    Object.assign(this, {isTorn: false, runs: [], streams: [], failure: null});
    return true;
  }
  encode(of: MetricBatch) {
    return Uint8Array.of(of.seq);
  }
}

function setup() {
  const changes = new TableChanges();
  const store = new RunStore(changes);
  return {changes, store, writer: new FakeWriter()};
}

test("is where training sends its runs and rows", () => {
  const sink: RunSink = setup().store;
  expect(sink.find("none")).toBeNull();
});

test("rows wait until a database is attached and are written once", async () => {
  const {store, writer} = setup();
  store.record(run());
  store.append("r1", Uint8Array.of(1));
  await store.flush();
  store.attach(writer);
  await store.flush();
  await store.flush();
  expect(writer.runs).toEqual([run()]);
  expect(writer.streams).toEqual([Uint8Array.of(1)]);
});

test("only the latest record of a run is written", async () => {
  const {store, writer} = setup();
  store.attach(writer);
  store.record(run());
  store.record(run({status: "completed"}));
  await store.flush();
  expect(writer.runs.map(({status}) => status)).toEqual(["completed"]);
});

test("what the database did not take in is written by the next flush", async () => {
  const {store, writer} = setup();
  store.attach(writer);
  store.append("r1", Uint8Array.of(1));
  writer.failure = new Error("out of memory");
  await expect(store.flush()).rejects.toThrow("out of memory");
  writer.failure = null;
  store.append("r1", Uint8Array.of(2));
  await store.flush();
  expect(writer.streams).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
});

test("tables that are missing are made again and get everything that is kept", async () => {
  const {store, writer} = setup();
  store.attach(writer);
  store.record(run());
  store.keep(batch("r1", 4));
  store.append("r1", Uint8Array.of(4));
  await store.flush();
  Object.assign(writer, {isTorn: true, failure: new Error("no such table")});
  store.keep(batch("r1", 5));
  store.append("r1", Uint8Array.of(5));
  await store.flush();
  expect(writer.runs).toEqual([run()]);
  expect(writer.streams).toEqual([Uint8Array.of(4), Uint8Array.of(5)]);
});

test("a second database gets every run and every kept row again", async () => {
  const {store, writer} = setup();
  store.attach(new FakeWriter());
  store.record(run());
  store.keep(batch("r1", 4));
  store.append("r1", Uint8Array.of(4));
  await store.flush();
  store.attach(writer);
  await store.flush();
  expect(writer.runs).toHaveLength(1);
  expect(writer.streams).toEqual([Uint8Array.of(4)]);
});

test("finds the latest completed run of a fingerprint with its rows", () => {
  const {store} = setup();
  store.record(run({status: "completed", endedAt: 5}));
  store.record(run({runId: "r2", status: "completed", endedAt: 9}));
  store.record(run({runId: "r3", status: "cancelled", endedAt: 10}));
  store.keep(batch("r2", 0));
  store.keep(batch("r2", 1));
  expect(store.find("f")).toEqual({
    run: run({runId: "r2", status: "completed", endedAt: 9}),
    batches: [batch("r2", 0), batch("r2", 1)]
  });
  expect(store.find("other")).toBeNull();
});

test("counts a change of each table that a call touches", () => {
  const {changes, store} = setup();
  const counts = () => ["runs", "params", "metrics"].map((name) => changes.revision(name));
  store.record(run());
  expect(counts()).toEqual([1, 1, 0]);
  store.record(run({status: "completed"}));
  expect(counts()).toEqual([2, 1, 0]);
  store.append("r1", new Uint8Array());
  expect(counts()).toEqual([2, 1, 1]);
});
