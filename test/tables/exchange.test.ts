import {expect, test, vi} from "vitest";
import {type ExchangeWorker, importFiles} from "../../src/tables/exchange/off-thread.ts";
import type {FromExchanger, ToExchanger} from "../../src/tables/exchange/protocol.ts";
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
