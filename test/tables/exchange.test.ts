import {tableFromArrays, tableFromIPC} from "apache-arrow";
import {expect, test, vi} from "vitest";
import {type ExchangeWorker, exportFiles, importFiles} from "../../src/tables/exchange/off-thread.ts";
import type {FromExchanger, ToExchanger} from "../../src/tables/exchange/protocol.ts";
import {type ExportProgress, followed} from "../../src/tables/export/followed.ts";
import {MetricBatches} from "../../src/tables/export/metric-batches.ts";
import type {StoredRun} from "../../src/tables/export/run-reader.ts";
import {ImportError} from "../../src/tables/import/import-error.ts";
import {inPieces} from "../../src/tables/import/pieces.ts";

/** A worker that a test speaks for. */
class SilentWorker implements ExchangeWorker {
  readonly heard: ToExchanger[] = [];
  readonly terminate = vi.fn();
  say: (message: FromExchanger) => void = () => {};
  die: (message: string) => void = () => {};

  postMessage(message: ToExchanger) {
    this.heard.push(message);
  }

  addEventListener(type: "message" | "error", listener: (event: never) => void) {
    if (type === "message") this.say = (data) => listener({data} as never);
    else this.die = (message) => listener({message} as never);
  }
}

function reading(signal?: AbortSignal) {
  const worker = new SilentWorker();
  const rows = importFiles(() => worker, ["https://example.org/a.csv"], {format: "csv", signal});
  return {worker, rows};
}

test("pieces come in order and are asked for one by one; the worker ends with the last", async () => {
  const {worker, rows} = reading();
  const first = rows.next();
  worker.say({type: "rows", rows: {notes: ["a"]}});
  worker.say({type: "rows", rows: {notes: ["b"]}});
  expect((await first).value).toEqual({notes: ["a"]});
  expect(worker.heard).toEqual([
    {type: "import", sources: ["https://example.org/a.csv"], options: {format: "csv"}}
  ]);
  expect((await rows.next()).value).toEqual({notes: ["b"]});
  expect(worker.heard.slice(1)).toEqual([{type: "more"}]);
  expect(worker.terminate).not.toHaveBeenCalled();
  worker.say({type: "end"});
  expect(await rows.next()).toEqual({value: undefined, done: true});
  expect(worker.terminate).toHaveBeenCalledOnce();
});

test("a signal ends the worker at once, also one that aborted before", async () => {
  const controller = new AbortController();
  const {worker, rows} = reading(controller.signal);
  const next = rows.next();
  controller.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  expect(worker.terminate).toHaveBeenCalledOnce();
  const late = reading(controller.signal);
  await expect(late.rows.next()).rejects.toThrow("enough");
  expect(late.worker.terminate).toHaveBeenCalledOnce();
});

test("what went wrong in the worker keeps its kind, and a worker that dies is told", async () => {
  const {worker, rows} = reading();
  const next = rows.next();
  worker.say({type: "failed", error: {name: "ImportError", message: "a.csv is empty."}});
  await expect(next).rejects.toThrow(new ImportError("a.csv is empty."));
  await expect(next).rejects.toBeInstanceOf(ImportError);
  const other = reading();
  const lost = other.rows.next();
  other.worker.die("out of memory");
  await expect(lost).rejects.toThrow("ended: out of memory. Reload the page");
  expect(other.worker.terminate).toHaveBeenCalledOnce();
});

test("what a file says of all its runs comes in pieces, nothing lost and nothing twice", () => {
  const params = Array.from({length: 4500}, (_, i) => ({
    run_id: `run ${i}`,
    key: "lr",
    value_str: "1",
    value_num: 1,
    value_type: "number"
  }));
  const pieces = [...inPieces({notes: ["n"], expectedRows: 3, params})];
  expect(pieces.map((piece) => piece.params?.length ?? 0)).toEqual([0, 2000, 2000, 500]);
  expect(pieces[0]).toEqual({notes: ["n"], expectedRows: 3});
  expect(pieces.flatMap((piece) => piece.params ?? [])).toEqual(params);
});

test("a worker that writes is answered what it asks, tells how far it is, and ends with its files", async () => {
  const worker = new SilentWorker();
  const onProgress = vi.fn();
  const db = {
    query: async (sql: string, params?: readonly unknown[]) => {
      if (sql === "SELECT ?") return tableFromArrays({x: params as number[]});
      throw new Error("no such table");
    }
  };
  const writing = exportFiles(() => worker, db, {format: "csv", archive: "runs.zip", onProgress});
  expect(worker.heard).toEqual([{type: "export", options: {format: "csv"}, archive: "runs.zip"}]);
  worker.say({type: "query", id: 7, sql: "SELECT ?", params: [3]});
  worker.say({type: "query", id: 8, sql: "SELECT", params: []});
  worker.say({type: "progress", progress: {runs: 1, ofRuns: 2}});
  await vi.waitFor(() => expect(worker.heard).toHaveLength(3));
  const answers = worker.heard.slice(1) as (ToExchanger & {type: "answer"})[];
  const [good, bad] = [7, 8].map((id) => answers.find((answer) => answer.id === id));
  expect(
    tableFromIPC((good as {ipc: Uint8Array}).ipc)
      .getChild("x")
      ?.toArray()
  ).toEqual(Float64Array.of(3));
  expect(bad).toEqual({type: "answer", id: 8, error: {name: "Error", message: "no such table"}});
  expect(onProgress).toHaveBeenCalledWith({runs: 1, ofRuns: 2});
  const file = new File(["x"], "runs.zip");
  worker.say({type: "files", files: [file]});
  expect(await writing).toEqual([file]);
  expect(worker.terminate).toHaveBeenCalledOnce();
});

test("an export of a thread of its own tells how far it is and stops with its signal", async () => {
  const controller = new AbortController();
  const read: string[] = [];
  const runs = ["a", "b", "c"].map((run_id) => ({run: {run_id}}) as StoredRun);
  const none = {key: [], step: new Float64Array(), timeMs: new Float64Array(), value: new Float64Array()};
  const metrics = async (runId: string) => {
    read.push(runId);
    return none;
  };
  const reader = {runs, metricDefs: [], metrics, keys: () => []};
  const told: ExportProgress[] = [];
  const {signal} = controller;
  const {metrics: next} = followed(reader, {signal, onProgress: (progress) => void told.push(progress)});
  await next("a");
  await next("b");
  controller.abort(new Error("enough"));
  await expect(next("c")).rejects.toThrow("enough");
  expect(read).toEqual(["a", "b"]);
  expect(told).toEqual([0, 1].map((runs) => ({runs, ofRuns: 3})));
});

test("short runs are asked for together, and each has its own rows in their order", async () => {
  const asked: (readonly unknown[])[] = [];
  const rows = {a: 40_000, b: 40_000, c: 40_000, d: 0};
  const db = {
    query: async (_: string, params: readonly unknown[] = []) => {
      asked.push(params);
      const has = params.filter((id) => id !== "d") as string[];
      return tableFromArrays({
        run_id: has.flatMap((id) => [id, id]),
        key: has.flatMap(() => ["loss", "late"]),
        step: Float64Array.from(has.flatMap(() => [0, 1])),
        ts_ms: Float64Array.from(has.flatMap(() => [5, 6])),
        value: Float64Array.from(has.flatMap((id) => [id.charCodeAt(0), Number.NaN]))
      });
    }
  };
  const list = Object.entries(rows).map(([runId, n]) => ({runId, rows: n}));
  const batches = new MetricBatches(db, list);
  const found = [];
  for (const id of ["b", "a", "c", "d"]) found.push(await batches.of(id));
  expect(asked).toEqual([
    ["a", "b"],
    ["c", "d"]
  ]);
  expect(found.map(({value}) => value[0])).toEqual([98, 97, 99, undefined]);
  expect(found[1]).toEqual({
    key: ["loss", "late"],
    step: Float64Array.of(0, 1),
    timeMs: Float64Array.of(5, 6),
    value: Float64Array.of(97, Number.NaN)
  });
});
