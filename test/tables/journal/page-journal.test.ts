import {Schema, Table, tableFromIPC, tableToIPC} from "apache-arrow";
import {expect, test, vi} from "vitest";
import {PageJournal, type WorkerLike} from "../../../src/tables/journal/page-journal.ts";
import type {FromWorker} from "../../../src/tables/journal/protocol.ts";
import type {JournalRecord} from "../../../src/tables/journal/types.ts";
import {param} from "./support.ts";

/** The same record as a later version of the program would have written it. */
function newer({ipc, ...rest}: JournalRecord): JournalRecord {
  const {schema, batches} = tableFromIPC(ipc);
  const metadata = new Map([...schema.metadata, ["schema_version", "99"]]);
  const table = new Table(new Schema(schema.fields, metadata), batches);
  return {...rest, ipc: tableToIPC(table, "stream")};
}

test("records of a newer program in another tab are passed over and told once; those that can be read go on", () => {
  let hear: (message: FromWorker) => void = () => {};
  const worker: WorkerLike = {
    postMessage: () => {},
    addEventListener: (type: string, listener: (event: never) => void) => {
      if (type === "message") hear = (data) => listener({data} as never);
    },
    terminate: () => {}
  };
  const journal = new PageJournal(() => worker, "test", undefined);
  const status = {...journal.status, role: "follower" as const};
  hear({type: "status", status});
  const [taken, told] = [vi.fn(), vi.fn()];
  journal.onForeign(taken);
  journal.subscribe(told);
  const rows = param("a", "rate", "0.1");
  hear({type: "foreign", record: newer(rows)});
  hear({type: "foreign", record: newer(rows)});
  expect(taken).not.toHaveBeenCalled();
  expect(told).toHaveBeenCalledOnce();
  hear({type: "status", status});
  expect(journal.status.newer).toContain("Reload this page");
  hear({type: "foreign", record: rows});
  expect(taken).toHaveBeenCalledExactlyOnceWith(rows);
});
