import {afterEach, expect, test, vi} from "vitest";
import {TableChanges} from "../../src/tables/changes.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import {decodeRows, encodeRows} from "../../src/tables/encode-rows.ts";
import {runRow} from "../../src/tables/run-rows.ts";
import {RunStore, type StoreOptions} from "../../src/tables/store.ts";
import type {MetricBatch, RunRecord} from "../../src/tables/types.ts";
import type {RunSink} from "../../src/training/types.ts";
import {FakeBrowser} from "./journal/fake-tabs.ts";
import {FakeJournal} from "./support/fake-journal.ts";
import {batch, FakeWriter} from "./support/fake-writer.ts";

function run(overrides: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: "r1",
    name: "first",
    notebook: "quickstart",
    cellId: 3,
    cellExecId: null,
    experiment: "quickstart",
    parentRunId: null,
    tags: {},
    tab: "here",
    attempt: 1,
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

function setup(options: Partial<StoreOptions> = {}) {
  const journal = new FakeJournal();
  const store = new RunStore({changes: new TableChanges(), journal: async () => journal, ...options});
  const append = (of: MetricBatch) =>
    store.append(of.runId, encodeMetrics(of), [of.seq, of.seq + of.step.length - 1]);
  return {journal, store, append, writer: new FakeWriter()};
}

/** A second page with the same journal. */
const reopen = (journal: FakeJournal, options: Partial<StoreOptions> = {}) =>
  new RunStore({changes: new TableChanges(), journal: async () => journal, ...options});

afterEach(() => vi.restoreAllMocks());

test("is where training sends its runs and rows", async () => {
  const sink: RunSink = setup().store;
  expect(await sink.find("none")).toBeNull();
});

test("a database gets what was recorded before it, and after, once", async () => {
  const {store, append, writer} = setup();
  store.record(run());
  append(batch("r1", 0, [1, 2]));
  await store.flush();
  store.attach(writer);
  await store.flush();
  append(batch("r1", 2, [3]));
  await store.flush();
  await store.flush();
  expect(writer.values("metrics", "value")).toEqual([1, 2, 3]);
  expect(writer.values("params", "value_str")).toEqual(["0.5"]);
  expect(writer.rows.get("runs")?.at(-1)).toMatchObject({run_id: "r1", mlflow_status: "RUNNING"});
});

test("the journal is told of a run when more changes than how far it is", async () => {
  const {journal, store} = setup();
  const going = run();
  store.record(going);
  for (let lastStep = 0; lastStep < 10; lastStep++) store.record({...going, lastStep});
  store.record({...going, status: "completed", lastStep: 9});
  await store.find("");
  const statuses = journal.records
    .filter(({table}) => table === "runs")
    .map(({ipc}) => decodeRows("runs", ipc)[0].status);
  expect(statuses).toEqual(["running", "completed"]);
});

test("what the database did not take in is written by the next flush", async () => {
  const {store, append, writer} = setup();
  store.attach(writer);
  await store.flush();
  append(batch("r1", 0));
  writer.failure = new Error("out of memory");
  await expect(store.flush()).rejects.toThrow("out of memory");
  writer.failure = null;
  append(batch("r1", 1));
  await store.flush();
  expect(writer.values("metrics", "seq")).toEqual([0, 1]);
});

test("tables that are missing are made again and get everything that is kept", async () => {
  const {store, append, writer} = setup();
  store.attach(writer);
  append(batch("r1", 0));
  await store.flush();
  Object.assign(writer, {isTorn: true, failure: new Error("no such table")});
  append(batch("r1", 1));
  await store.flush();
  expect(writer.values("metrics", "seq")).toEqual([0, 1]);
});

test("a second database gets everything again: the first was lost", async () => {
  const {store, append, writer} = setup();
  store.attach(new FakeWriter());
  store.record(run());
  append(batch("r1", 4));
  await store.flush();
  store.attach(writer);
  await store.flush();
  expect(writer.values("metrics", "seq")).toEqual([4]);
  expect(writer.values("runs", "run_id")).toContain("r1");
});

test("a completed run is found by its fingerprint in another session, with its rows as they were", async () => {
  const {journal, store, append} = setup();
  const fingerprint = "f+fields";
  store.record(run({status: "completed", endedAt: 5, fingerprint, backend: {name: "wasm", adapter: "SIMD"}}));
  append(batch("r1", 0, [1, Number.NaN]));
  append({...batch("r1", 2, [3, 4]), present: {loss: Uint8Array.of(0, 1)}});
  await store.find("");
  const found = await reopen(journal).find(fingerprint);
  expect(found?.run).toMatchObject({runId: "r1", params: {sparsity: 0.5}, endedAt: 5});
  expect(found?.batches.map(({seq, columns}) => [seq, [...columns.loss]])).toEqual([
    [0, [1, Number.NaN]],
    [3, [4]]
  ]);
});

test("the latest of several with one fingerprint is the answer, and one that did not complete is none", async () => {
  const {store} = setup();
  store.record(run({runId: "old", status: "completed", endedAt: 1}));
  store.record(run({runId: "new", status: "completed", endedAt: 2}));
  store.record(run({runId: "failed", status: "failed", endedAt: 3}));
  expect((await store.find("f"))?.run.runId).toBe("new");
});

test("what another tab writes is here as well, and drawn as it comes", async () => {
  const {journal, store, writer} = setup();
  store.attach(writer);
  await store.flush();
  const drawn: number[] = [];
  const told = new Promise<void>((resolve) => {
    store.onBatch((rows) => {
      drawn.push(...rows.columns.loss);
      resolve();
    });
  });
  const far = run({runId: "far", status: "completed", endedAt: 1, fingerprint: "far"});
  journal.arrive({table: "runs", ipc: encodeRows("runs", [runRow(far)])});
  journal.arrive({
    table: "metrics",
    ipc: encodeMetrics(batch("far", 0, [7, 8])),
    runId: "far",
    seq: [0, 1]
  });
  await told;
  await store.flush();
  expect(drawn).toEqual([7, 8]);
  expect(writer.values("metrics", "value")).toEqual([7, 8]);
  expect((await store.find("far"))?.run.runId).toBe("far");
});

test("the journal is read while a database starts, and what comes meanwhile follows once", async () => {
  const {journal, store, append, writer} = setup();
  append(batch("r1", 0, [1, 2]));
  await store.find("");
  const read = vi.spyOn(journal, "read");
  store.prepare();
  await vi.waitFor(() => expect(read).toHaveBeenCalledOnce());
  append(batch("r1", 2, [3]));
  store.attach(writer);
  await store.flush();
  expect(read).toHaveBeenCalledOnce();
  expect(writer.values("metrics", "value")).toEqual([1, 2, 3]);
});

test("what was read for a database that did not start is let go, and the next one gets every row once", async () => {
  const {journal, store, append, writer} = setup();
  append(batch("r1", 0, [1, 2]));
  append(batch("r1", 2, [3]));
  await store.find("");
  const read = journal.read.bind(journal);
  let closed = 0;
  journal.read = async function* (tables) {
    try {
      yield* read(tables);
    } finally {
      closed++;
    }
  };
  store.prepare();
  store.abandon();
  await vi.waitFor(() => expect(closed).toBe(1));
  append(batch("r1", 3, [4]));
  store.attach(writer);
  await store.flush();
  expect(writer.values("metrics", "value")).toEqual([1, 2, 3, 4]);
});

test("a journal that another tab compacts while it is read is read again from the start", async () => {
  const {journal, store, append, writer} = setup();
  store.record(run());
  append(batch("r1", 0, [1, 2]));
  await store.find("");
  const read = journal.read.bind(journal);
  let attempts = 0;
  journal.read = async function* (tables) {
    yield* read(tables);
    if (tables === undefined && ++attempts === 1)
      throw Object.assign(new Error("moved"), {name: "JournalError"});
  };
  store.attach(writer);
  await store.flush();
  expect(attempts).toBe(2);
  expect(writer.values("metrics", "value")).toEqual([1, 2]);
});

test("runs that another tab deletes are gone here too", async () => {
  const {journal, store, writer} = setup();
  store.record(run({status: "completed", endedAt: 1}));
  store.attach(writer);
  await store.flush();
  journal.lose(["r1"]);
  await store.flush();
  expect(await store.find("f")).toBeNull();
  expect(writer.values("runs", "run_id")).toEqual([]);
});

/** The source of a cell. */
const sourceOf = (source: string) => ({
  notebook: "notes",
  cell_id: 3,
  kind: "js",
  source,
  source_sha256: `hash of ${source}`,
  position: 0,
  created_at: new Date(1)
});

test("revisions of a cell's source are numbered across sessions, and written down once", async () => {
  const {journal, store} = setup();
  expect(await store.revise([sourceOf("a"), sourceOf("b"), sourceOf("a")])).toEqual([1, 2, 1]);
  const later = reopen(journal);
  expect(await later.revise([sourceOf("b")])).toEqual([2]);
  expect(await later.revise([sourceOf("b"), sourceOf("c")])).toEqual([2, 3]);
  const written = journal.records.flatMap(({table, ipc}) =>
    table === "cells" ? decodeRows(table, ipc) : []
  );
  expect(written.map(({source, rev}) => [source, rev])).toEqual([
    ["a", 1],
    ["b", 2],
    ["c", 3]
  ]);
});

test("two tabs give no number to two sources of a cell, however close they come", async () => {
  const browser = new FakeBrowser();
  let turn: Promise<unknown> = Promise.resolve();
  const request = (_: string, work: () => Promise<unknown>) => {
    turn = turn.then(work);
    return turn;
  };
  const tabs = [await browser.open(), await browser.open(), await browser.open()];
  const stores = tabs.map(
    ({journal}) =>
      new RunStore({
        changes: new TableChanges(),
        journal: async () => journal,
        locks: {request: request as LockManager["request"]}
      })
  );
  const given = await Promise.all(
    stores.flatMap((store, i) => [
      store.revise([sourceOf(`of tab ${i}`)]),
      store.revise([sourceOf("of all"), sourceOf(`later of tab ${i}`)])
    ])
  );
  const [alone, shared, later] = [
    given.filter((revs) => revs.length === 1).flat(),
    given.filter((revs) => revs.length === 2).map(([rev]) => rev),
    given.filter((revs) => revs.length === 2).map(([, rev]) => rev)
  ];
  expect(new Set(shared).size).toBe(1);
  expect([...alone, ...later, shared[0]].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("runs that a closed tab left are interrupted, those of open tabs go on", async () => {
  const {journal, store} = setup();
  store.record(run({runId: "dead", tab: "closed"}));
  store.record(run({runId: "live", tab: "open"}));
  store.record(run({runId: "done", tab: "closed", status: "completed", endedAt: 1}));
  await store.find("");
  const writer = new FakeWriter();
  const next = reopen(journal, {liveTabs: async () => new Set(["open", "here"]), now: () => 99});
  next.attach(writer);
  await next.flush();
  const last = new Map(writer.rows.get("runs")?.map((row) => [row.run_id, row]));
  expect(last.get("dead")).toMatchObject({
    status: "interrupted",
    end_time: new Date(99),
    error: "The tab that ran it was closed."
  });
  expect(last.get("live")).toMatchObject({status: "running"});
  expect(last.get("done")).toMatchObject({status: "completed"});
});

test("a run of a tab that is closed later is interrupted too, and goes on when the tab was only slow to say so", async () => {
  const tabs = new Set(["other"]);
  let now = 0;
  const {journal, store, writer} = setup({liveTabs: async () => tabs, now: () => now});
  store.attach(writer);
  await store.flush();
  const row = runRow(run({tab: "other"}));
  journal.arrive({table: "runs", ipc: encodeRows("runs", [row])});
  await store.flush();
  tabs.clear();
  now = 60_000;
  await store.flush();
  expect(writer.rows.get("runs")?.at(-1)).toMatchObject({status: "interrupted", mlflow_status: "KILLED"});
  expect(await store.runs()).toMatchObject([{status: "interrupted", end_time: new Date(60_000)}]);
  const ended = {...row, status: "completed" as const};
  journal.arrive({table: "runs", ipc: encodeRows("runs", [ended])});
  await store.flush();
  expect(writer.rows.get("runs")?.at(-1)).toMatchObject({status: "completed"});
  expect(await store.runs()).toMatchObject([{status: "completed"}]);
});

test("artifacts are found by run, the newest version of each name", async () => {
  const {journal, store} = setup();
  const weights = {runId: "r1", name: "weights", type: "checkpoint", manifest: {step: 1}, createdAt: 7};
  await store.keepArtifact({...weights, bytes: Uint8Array.of(1)});
  await store.keepArtifact({...weights, bytes: Uint8Array.of(2), manifest: {step: 2}});
  const [artifact, ...others] = await reopen(journal).artifacts("r1");
  expect(others).toEqual([]);
  expect(artifact).toMatchObject({name: "weights", manifest: {step: 2}, sizeBytes: 1, createdAt: 7});
  expect(await artifact.read()).toEqual(Uint8Array.of(2));
});

test("what takes the place of an artifact removes its content, unless somebody else has the same", async () => {
  const {journal, store} = setup();
  const latest = {runId: "r1", name: "latest", type: "checkpoint", manifest: {}, createdAt: 7, inPlace: true};
  const keep = (value: number, change = {}) =>
    store.keepArtifact({...latest, bytes: Uint8Array.of(value), ...change});
  await keep(1);
  await keep(2);
  await keep(2, {runId: "r2"});
  await Promise.all([keep(3), keep(4)]);
  expect([...journal.blobs.values()].map(([value]) => value)).toEqual([2, 4]);
  const [artifact, ...others] = await reopen(journal).artifacts("r1");
  expect([others.length, await artifact.read()]).toEqual([0, Uint8Array.of(4)]);
  const versions = journal.records.flatMap(({table, ipc}) =>
    table === "artifacts" ? decodeRows("artifacts", ipc).map(({version}) => version) : []
  );
  expect(versions).toEqual([1, 1, 1, 1, 1]);
});

test("deleted runs are gone from the journal, the database and the answers", async () => {
  const {store, append, writer} = setup();
  store.attach(writer);
  store.record(run({status: "completed", endedAt: 1}));
  append(batch("r1", 0));
  await store.flush();
  await store.deleteRuns(["r1"]);
  await store.flush();
  expect(await store.find("f")).toBeNull();
  expect(writer.values("metrics", "value")).toEqual([]);
  expect(writer.values("runs", "run_id")).toEqual([]);
});

test("a deleted run that is imported again before the next query is there", async () => {
  const {store, writer} = setup();
  store.attach(writer);
  const rows = async function* () {
    yield {runs: [runRow(run({runId: "theirs", status: "completed", endedAt: 1}))]};
  };
  await store.importRows(rows());
  await store.flush();
  await store.deleteRuns(["theirs"]);
  await store.importRows(rows());
  await store.flush();
  expect(writer.values("runs", "run_id")).toEqual(["theirs"]);
});

test("a journal that cannot be opened is said, and stops no run", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const {store} = setup({journal: () => Promise.reject(new Error("no disk"))});
  store.record(run());
  await expect(store.find("f")).rejects.toThrow("no disk");
  await vi.waitFor(() => expect(error).toHaveBeenCalled());
});

test("imported runs are taken in once", async () => {
  const {store, writer} = setup();
  store.attach(writer);
  const rows = async function* () {
    yield {runs: [{...runRow(run({runId: "theirs"})), source: "mlflow"}]};
    const column = Float64Array.of(1, 2);
    yield {
      metrics: [{runId: "theirs", key: ["loss", "accuracy"], step: column, timeMs: column, value: column}]
    };
  };
  expect(await store.importRows(rows())).toMatchObject({runs: 1, knownRuns: 0, metricRows: 2});
  expect(await store.importRows(rows())).toMatchObject({runs: 0, knownRuns: 1, metricRows: 0});
  await store.flush();
  expect(writer.values("metrics", "key")).toEqual(["loss", "accuracy"]);
  expect(writer.rows.get("runs")?.[0]).toMatchObject({run_id: "theirs", source: "mlflow"});
});

test("of an import that fails nothing stays, so that the whole file can be imported afterwards", async () => {
  const {store, writer} = setup();
  const metrics = (step: number) => [
    {
      runId: "m",
      key: ["loss"],
      step: Float64Array.of(step),
      timeMs: Float64Array.of(0),
      value: Float64Array.of(1)
    }
  ];
  const row = runRow(run({runId: "m", status: "completed", fingerprint: "f"}));
  async function* torn() {
    yield {runs: [row], metrics: metrics(0)};
    throw new Error("The file ends early.");
  }
  async function* absurd(step: number, created_at: Date) {
    yield {runs: [{...row, created_at}], metrics: metrics(step)};
  }
  await expect(store.importRows(torn())).rejects.toThrow("The file ends early.");
  await expect(store.importRows(absurd(Number.NaN, new Date(0)))).rejects.toThrow(
    "the run m has the step NaN"
  );
  await expect(store.importRows(absurd(1e300, new Date(0)))).rejects.toThrow("the step 1e+300");
  await expect(store.importRows(absurd(0, new Date(Number.NaN)))).rejects.toThrow("rows of runs that cannot");
  expect(await store.runs()).toEqual([]);
  expect(await store.importRows(absurd(3, new Date(0)))).toMatchObject({
    runs: 1,
    knownRuns: 0,
    metricRows: 1
  });
  store.attach(writer);
  await store.flush();
  expect(writer.values("metrics", "step")).toEqual([3]);
});

test("an import that was killed on its way is made whole by the next one, with no row twice", async () => {
  const column = Float64Array.of(1, 2);
  const metrics = (runId: string) => [
    {runId, key: ["loss", "loss"], step: column, timeMs: column, value: column}
  ];
  const rows = async function* (isKilled: boolean) {
    yield {runs: ["a", "b"].map((runId) => runRow(run({runId})))};
    yield {metrics: metrics("a")};
    if (isKilled) await new Promise(() => {});
    yield {metrics: metrics("b")};
  };
  const killed = setup();
  void killed.store.importRows(rows(true));
  await vi.waitFor(() => expect(killed.journal.records.map(({table}) => table)).toEqual(["metrics"]));
  // Another page, over what that one left.
  const next = setup({journal: async () => killed.journal});
  next.store.attach(next.writer);
  expect(await next.store.runs()).toEqual([]);
  expect(await next.store.importRows(rows(false))).toMatchObject({runs: 2, knownRuns: 0, metricRows: 4});
  await next.store.flush();
  expect(next.writer.values("metrics", "run_id")).toEqual(["a", "a", "b", "b"]);
  expect((await next.store.runs()).map(({run_id}) => run_id)).toEqual(["a", "b"]);
  expect(killed.journal.records.at(-1)?.table).toBe("runs");
  expect(await next.store.importRows(rows(false))).toMatchObject({runs: 0, knownRuns: 2});
});

test("what a file says of a run answers no train()", async () => {
  const {store} = setup();
  async function* forged() {
    yield {runs: [runRow(run({status: "completed", endedAt: 1}))]};
  }
  await store.importRows(forged());
  expect(await store.find("f")).toBeNull();
});

test("a database that could not be filled to the end has no row twice after the next try", async () => {
  let tries = 0;
  const given = async () => {
    if (tries++ === 0) throw new Error("offline");
    return {};
  };
  const {store, append, writer} = setup({given});
  store.record(run());
  append(batch("r1", 0, [1, 2]));
  store.attach(writer);
  await expect(store.flush()).rejects.toThrow("offline");
  await store.flush();
  expect(writer.values("metrics", "value")).toEqual([1, 2]);
});

test("a finished run of which rows were lost is not found", async () => {
  const {journal, store, append} = setup();
  store.record(run());
  for (let seq = 0; seq < 3; seq++) append(batch("r1", seq));
  store.record(run({status: "completed", endedAt: 9, lastStep: 2}));
  expect(await store.find("f")).not.toBeNull();
  for (let lost = 0; lost < 3; lost++) {
    const {store: other, journal: rest} = setup();
    rest.records.push(...journal.records.filter(({seq}) => seq?.[0] !== lost));
    expect(await other.find("f")).toBeNull();
  }
});

test("rows that nobody asks for do not wait in memory for ever", async () => {
  const {store, append, writer} = setup();
  store.record(run());
  store.attach(writer);
  await store.flush();
  const large = batch("r1", 0, new Array(500_000).fill(1));
  append(large);
  append({...large, seq: 500_000});
  await vi.waitFor(() => expect(writer.values("metrics", "value")).toHaveLength(1_000_000), 10_000);
});

test("a run of this page that was deleted and comes back from an archive is there", async () => {
  const {journal, store} = setup();
  store.record(run());
  store.record(run({status: "completed", endedAt: 9}));
  await store.deleteRuns(["r1"]);
  journal.arrive({table: "runs", ipc: encodeRows("runs", [runRow(run({status: "completed", endedAt: 9}))])});
  expect((await store.runs()).map(({run_id}) => run_id)).toEqual(["r1"]);
});

test("a run whose parameters are no JSON keeps no other from being read", async () => {
  const {journal} = setup();
  const bad = {...runRow(run({tab: "gone"})), config: "{"};
  journal.records.push({table: "runs", ipc: encodeRows("runs", [bad])});
  const store = reopen(journal, {liveTabs: async () => new Set()});
  expect(await store.runs()).toMatchObject([{run_id: "r1", status: "interrupted"}]);
});
