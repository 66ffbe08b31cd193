import {mkdtemp, readdir, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {RecordBatch, RecordBatchStreamWriter, Schema, tableFromIPC} from "apache-arrow";
import {afterEach, beforeEach, expect, test} from "vitest";
import {decodeRows, encodeRows} from "../../src/tables/encode-rows.ts";
import {encodeFrame, noOrigin} from "../../src/tables/journal/record.ts";
import type {JournalRecord} from "../../src/tables/journal/types.ts";
import {openFolderJournal} from "../../src/tables/node/folder-journal.ts";
import {runRow} from "../../src/tables/run-rows.ts";
import type {RunRow} from "../../src/tables/schema.ts";
import type {RunRecord} from "../../src/tables/types.ts";
import {contents, metrics} from "./journal/support.ts";

const run: RunRecord = {
  runId: "r",
  name: "old",
  notebook: "quickstart",
  cellId: 3,
  cellExecId: null,
  experiment: "quickstart",
  parentRunId: null,
  tags: {},
  tab: null,
  attempt: 1,
  status: "diverged",
  params: {},
  seed: 42,
  code: "function* () {}",
  fingerprint: "f",
  backend: {name: "wasm", adapter: "SIMD"},
  versions: {tfjs: "4.22.0"},
  dataHash: "",
  createdAt: 1763687000123,
  startedAt: 1763687000200,
  endedAt: null,
  lastStep: 7,
  error: null
};

/** The columns of `runs` under version 1. */
const columns1 = (
  "run_id name notebook cell_id status seed backend adapter created_at start_time end_time last_step error code " +
  "fingerprint data_hash versions"
).split(" ");

/** The rows of a stream as a former version wrote them: with these columns only, under its number. */
function rewritten(ipc: Uint8Array, version: number, columns?: readonly string[]): Uint8Array {
  const table = columns ? tableFromIPC(ipc).select(columns as string[]) : tableFromIPC(ipc);
  const {fields, metadata} = tableFromIPC(ipc).schema;
  const kept = columns ? fields.filter(({name}) => columns.includes(name)) : fields;
  const schema = new Schema(kept, new Map([...metadata, ["schema_version", String(version)]]));
  const batches = table.batches.map(({data}) => new RecordBatch(schema, data as never));
  return RecordBatchStreamWriter.writeAll(batches).toUint8Array(true);
}

const row1 = (row: RunRow) => rewritten(encodeRows("runs", [row]), 1, columns1);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "petri-migrate-"));
});
afterEach(() => rm(folder, {recursive: true}));

test("a run of version 1 has today's columns, and in MLflow's words what became of it", () => {
  expect(decodeRows("runs", row1(runRow(run)))).toEqual([{...runRow(run), tab: null}]);
  const scratch = {...run, notebook: "", experiment: "scratch"};
  expect(decodeRows("runs", row1(runRow(scratch)))).toEqual([runRow(scratch)]);
});

test("a journal of version 1 is read, written on, and compacted into today's", async () => {
  const first = await openFolderJournal(folder);
  await first.append({table: "runs", ipc: row1(runRow(run))});
  const old = metrics("r");
  const parts = {table: "metrics", runId: "r", seq: old.seq} as const;
  await first.append({...parts, ipc: rewritten(old.ipc, 1)});
  await first.append(metrics("r", 3));
  await first.close();

  const second = await openFolderJournal(folder);
  const expected = {rows: {runs: [runRow(run)]}};
  expect(await contents(second)).toMatchObject(expected);
  expect((await contents(second)).metrics).toHaveLength(12);
  await second.compact();
  expect(await contents(second)).toMatchObject(expected);
  await second.close();
  const third = await openFolderJournal(folder);
  expect((await contents(third)).metrics).toHaveLength(12);
  await third.close();
});

test("what a later version wrote is neither taken in nor touched", async () => {
  const journal = await openFolderJournal(folder);
  await journal.append(metrics("r"));
  const later: JournalRecord = {table: "runs", ipc: rewritten(encodeRows("runs", [runRow(run)]), 99)};
  await expect(journal.append(later)).rejects.toThrow(/records of version 99 .* knows versions 1 to 2/);
  await journal.close();

  const log = (await readdir(folder)).filter((name) => name.endsWith(".log"));
  expect(log).toHaveLength(1);
  const path = join(folder, log[0]);
  const {writeFile} = await import("node:fs/promises");
  await writeFile(path, Buffer.concat([await readFile(path), encodeFrame("rows", later.ipc, noOrigin)]));
  const before = await readFile(path);
  const opened = (async () => {
    const again = await openFolderJournal(folder);
    return contents(again);
  })();
  await expect(opened).rejects.toThrow(/records of version 99/);
  expect((await readFile(path)).equals(before)).toBe(true);
});
