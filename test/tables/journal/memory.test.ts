import {expect, test} from "vitest";
import {encodeRows} from "../../../src/tables/encode-rows.ts";
import {JournalError} from "../../../src/tables/journal/errors.ts";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import {openMemoryJournal} from "../../../src/tables/journal/memory-journal.ts";
import {contents, metricRows, metrics, metricsOf, param, rowsOf} from "./support.ts";

const open = (files: MemoryFiles, sealBytes?: number) =>
  new LocalJournal(files, {role: "leader", sealBytes, compactAfter: Number.POSITIVE_INFINITY}).ready();

test("gives back what was appended", async () => {
  const journal = openMemoryJournal();
  const records = [metrics("a", 0), metrics("b", 0), metrics("a", 3)];
  await Promise.all(records.map((record) => journal.append(record)));
  await journal.append(param("a", "rate", "0.1"));
  const found = await contents(journal);
  expect(found.metrics).toEqual(metricsOf(...records));
  expect(found.rows.params).toMatchObject([{run_id: "a", key: "rate", value_str: "0.1"}]);
});

test("opens again with everything, over several segments", async () => {
  const files = new MemoryFiles();
  const journal = await open(files, 2000);
  const records = Array.from({length: 20}, (_, i) => metrics(`run${i % 3}`, 3 * Math.floor(i / 3)));
  for (const record of records) await journal.append(record);
  await journal.close();
  expect((await files.list()).filter((name) => name.endsWith(".log")).length).toBeGreaterThan(5);
  const again = await open(files);
  expect((await contents(again)).metrics).toEqual(metricsOf(...records));
  expect(again.status.repaired).toEqual([]);
});

test("of rows with the same key the last counts, before and after compaction", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  for (const value of ["1", "2", "3"]) await journal.append(param("a", "rate", value));
  const last = [expect.objectContaining({value_str: "3"})];
  expect((await contents(journal)).rows.params).toEqual(last);
  await journal.compact();
  expect((await contents(journal)).rows.params).toEqual(last);
  await journal.append(param("a", "rate", "4"));
  expect((await contents(journal)).rows.params).toMatchObject([{value_str: "4"}]);
});

test("reads one run in the order of its rows", async () => {
  const journal = await open(new MemoryFiles());
  for (const seq of [0, 3, 6]) for (const run of ["a", "b"]) await journal.append(metrics(run, seq));
  const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [
    `b loss ${n} ${n} ${n}`,
    `b accuracy ${n} ${n + 1 / 16} ${n}`
  ]);
  const rows = async () => (await journal.readRun("b")).flatMap(metricRows);
  expect((await rows()).sort()).toEqual(expected.sort());
  await journal.compact();
  expect(new Set(await rows())).toEqual(new Set(expected));
  expect((await rows()).map((row) => Number(row.split(" ")[4]))).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [n, n])
  );
  expect(await journal.readRun("c")).toEqual([]);
});

test("compaction changes no row, and makes latest_metrics of all", async () => {
  const files = new MemoryFiles();
  const journal = await open(files, 3000);
  const records = Array.from({length: 30}, (_, i) => metrics(`run${i % 4}`, 3 * Math.floor(i / 4)));
  for (const record of records) await journal.append(record);
  const before = await contents(journal);
  await journal.compact();
  const after = await contents(journal);
  expect(after.metrics).toEqual(before.metrics);
  const byKey = (rows: unknown[]) => new Map(rows.map((row) => [JSON.stringify(row).slice(0, 40), row]));
  expect(byKey(after.rows.latest_metrics)).toEqual(byKey(before.rows.latest_metrics));
  expect(after.rows.latest_metrics).toContainEqual({
    run_id: "run1",
    key: "loss",
    value: 23,
    step: 23,
    ts_ms: 23,
    seq: 23,
    min_value: 0,
    min_step: 0,
    max_value: 23,
    max_step: 23,
    n: 24
  });
  const names = await files.list();
  expect(names.filter((name) => name.endsWith(".log"))).toHaveLength(1);
});

test("deleted runs are gone at once, and their bytes after compaction", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  await journal.append(metrics("a"));
  await journal.append(metrics("b"));
  await journal.append(param("a", "rate", "1"));
  await journal.compact();
  await journal.append(metrics("a", 3));
  await journal.deleteRuns(["a"]);
  const later = metrics("a", 100);
  await journal.append(later);
  const expected = metricsOf(metrics("b"), later);
  expect((await contents(journal)).metrics).toEqual(expected);
  await journal.compact();
  const found = await contents(journal);
  expect(found.metrics).toEqual(expected);
  expect(found.rows.params).toBeUndefined();
  expect(found.rows.latest_metrics).toContainEqual(expect.objectContaining({run_id: "a", n: 3, key: "loss"}));
});

test("refuses what it could not give back", async () => {
  const journal = openMemoryJournal();
  const record = metrics("a");
  await expect(journal.append({...record, ipc: record.ipc.slice(0, 100)})).rejects.toThrow(JournalError);
  await expect(journal.append({...record, table: "runs"})).rejects.toThrow('expected "runs"');
  await expect(journal.append({table: "params", ipc: Uint8Array.of(1, 2, 3)})).rejects.toThrow(JournalError);
  expect((await contents(journal)).metrics).toEqual([]);
  await journal.append({table: "params", ipc: encodeRows("params", [])});
});

test("keeps content under its hash, and believes no file whose content has another", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  const bytes = new TextEncoder().encode("weights");
  const hash = await journal.putBlob(bytes);
  expect(await journal.getBlob(hash)).toEqual(bytes);
  expect(await journal.getBlob("0".repeat(64))).toBeNull();
  const file = await files.folder("blobs").open(hash);
  file.write(Uint8Array.of(0), 3);
  expect(await journal.getBlob(hash)).toBeNull();
  expect(await journal.putBlob(bytes)).toBe(hash);
  expect(await journal.getBlob(hash)).toEqual(bytes);
});

test("content whose row was replaced goes with the next compaction, what rows name stays", async () => {
  const journal = openMemoryJournal();
  const row = (sha256: string) =>
    rowsOf("artifacts", {
      artifact_id: "a/latest",
      version: 1,
      name: "latest",
      type: "checkpoint",
      sha256,
      size_bytes: 1,
      uri: null,
      manifest: null,
      created_at: new Date(0)
    });
  const hashes = await Promise.all([1, 2, 3].map((value) => journal.putBlob(Uint8Array.of(value))));
  for (const hash of hashes) await journal.append(row(hash));
  await journal.removeBlob(hashes[0]);
  expect(await journal.getBlob(hashes[0])).toBeNull();
  await journal.compact();
  expect(await Promise.all(hashes.map((hash) => journal.getBlob(hash)))).toEqual([
    null,
    null,
    Uint8Array.of(3)
  ]);
});
