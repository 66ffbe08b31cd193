import {expect, test} from "vitest";
import {TableChanges} from "../../src/tables/changes.ts";
import {encodeMetrics} from "../../src/tables/encode.ts";
import type {TableName} from "../../src/tables/schema.ts";
import {RunStore} from "../../src/tables/store.ts";
import type {MetricBatch} from "../../src/tables/types.ts";
import {curveRun} from "./support/curve-run.ts";
import {FakeJournal} from "./support/fake-journal.ts";
import {batch, FakeWriter} from "./support/fake-writer.ts";

/** A journal whose rows of metrics, which come last, come when `open` is called. */
class GatedJournal extends FakeJournal {
  open = () => {};
  failure: Error | null = null;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  override async *read(tables?: readonly TableName[]) {
    const streams: {table: TableName; ipc: Uint8Array}[] = [];
    for await (const stream of super.read(tables)) streams.push(stream);
    const isRows = ({table}: {table: TableName}) => table === "metrics";
    yield* streams.filter((stream) => !isRows(stream));
    if (!streams.some(isRows)) return;
    await this.#opened;
    const {failure} = this;
    this.failure = null;
    if (failure) throw failure;
    yield* streams.filter(isRows);
  }
}

/** A database that has all but rows of metrics, of a page that has a run. */
async function setupEarly() {
  const journal = new GatedJournal();
  const store = new RunStore({changes: new TableChanges(), journal: async () => journal});
  const append = (of: MetricBatch) =>
    store.append(of.runId, encodeMetrics(of), [of.seq, of.seq + of.step.length - 1]);
  const writer = new FakeWriter();
  store.record(curveRun({runId: "r1"}));
  append(batch("r1", 0, [1, 2]));
  await store.find("");
  store.attach(writer);
  await store.early.flush();
  return {journal, store, append, writer};
}

test("who asks no rows of metrics is answered before they are all there", async () => {
  const {journal, store, writer} = await setupEarly();
  expect(writer.values("runs", "run_id")).toContain("r1");
  expect(writer.values("latest_metrics", "value")).toEqual([2]);
  expect(writer.values("metrics", "value")).toEqual([]);
  expect(store.early.isFull()).toBe(false);
  journal.open();
  await store.flush();
  expect(writer.values("metrics", "value")).toEqual([1, 2]);
  expect(store.early.isFull()).toBe(true);
});

test("what was recorded since is there for the next early question, and once", async () => {
  const {journal, store, append, writer} = await setupEarly();
  append(batch("r1", 2, [3]));
  const early = store.early.flush();
  journal.open();
  await early;
  expect(writer.values("metrics", "value")).toContain(3);
  await store.flush();
  expect(writer.values("metrics", "value").sort()).toEqual([1, 2, 3]);
});

test("the database is not filled on while somebody asks", async () => {
  const {journal, store, writer} = await setupEarly();
  let answer = () => {};
  const held = store.early.hold(() => new Promise<void>((resolve) => (answer = resolve)));
  journal.open();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(writer.values("metrics", "value")).toEqual([]);
  answer();
  await held;
  await store.flush();
  expect(writer.values("metrics", "value")).toEqual([1, 2]);
});

test("a run that is deleted while the database is filled is not there afterwards", async () => {
  const {journal, store, writer} = await setupEarly();
  await store.deleteRuns(["r1"]);
  let isAnswered = false;
  const early = store.early.flush().then(() => {
    isAnswered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isAnswered).toBe(false);
  journal.open();
  await early;
  expect(writer.values("metrics", "value")).toEqual([]);
  expect(writer.values("runs", "run_id")).toEqual([]);
});

test("who asks early can tell that the database was emptied, to be filled anew", async () => {
  const {journal, store, writer} = await setupEarly();
  journal.failure = Object.assign(new Error("the files have changed"), {name: "JournalError"});
  expect(store.early.emptied()).toBe(0);
  journal.open();
  await store.flush();
  expect(store.early.emptied()).toBe(1);
  expect(writer.values("metrics", "value")).toEqual([1, 2]);
});
