import {expect, test} from "vitest";
import {readAll, writeAll} from "../../../src/tables/journal/files.ts";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {Log} from "../../../src/tables/journal/log.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import {readRunStreams} from "../../../src/tables/journal/read.ts";
import type {Snapshot, SnapshotRecord} from "../../../src/tables/journal/snapshot.ts";
import type {JournalRecord} from "../../../src/tables/journal/types.ts";
import {Fragile} from "./fragile-files.ts";
import {contents, metrics, metricsOf, param, rowsOf} from "./support.ts";

const never = Number.POSITIVE_INFINITY;

function open(files: MemoryFiles, {fragile = new Fragile(), sealBytes = 16 * 2 ** 20} = {}) {
  return new LocalJournal(fragile.wrap(files), {role: "leader", sealBytes, compactAfter: never}).ready();
}

async function copyOf(files: MemoryFiles): Promise<MemoryFiles> {
  const copy = new MemoryFiles();
  for (const name of await files.list())
    await writeAll(copy, name, (await readAll(files, name)) as Uint8Array);
  return copy;
}

async function logOf(files: MemoryFiles): Promise<string> {
  return (await files.list())
    .filter((name) => name.endsWith(".log"))
    .sort()
    .at(-1) as string;
}

test("cut at every byte of the last record, the journal keeps all before it", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  const kept = [metrics("a"), metrics("b")];
  for (const record of kept) await journal.append(record);
  const name = await logOf(files);
  const before = await files.size(name);
  await journal.append(metrics("torn", 0, 4));
  const bytes = (await readAll(files, name)) as Uint8Array;
  const added = metrics("c", 7);
  for (let size = before; size < bytes.length; size++) {
    const torn = await copyOf(files);
    await writeAll(torn, name, bytes.subarray(0, size));
    const {index, tornBytes} = await Log.open(torn, name);
    expect(index.records.flatMap(({runs}) => runs?.map(({runId}) => runId))).toEqual(["a", "b"]);
    expect([index.size, tornBytes, await torn.size(name)]).toEqual([before, size - before, before]);
  }
  for (let size = before; size < bytes.length; size += 61) {
    const torn = await copyOf(files);
    await writeAll(torn, name, bytes.subarray(0, size));
    const again = await open(torn);
    expect((await contents(again)).metrics, `cut at byte ${size}`).toEqual(metricsOf(...kept));
    expect(again.status.repaired).toEqual(size > before ? [{file: name, lostBytes: size - before}] : []);
    await again.append(added);
    await again.close();
    expect((await contents(await open(torn))).metrics).toEqual(metricsOf(...kept, added));
  }
});

test("garbage in the place of the last record's end is cut off", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  await journal.append(metrics("a"));
  const name = await logOf(files);
  const before = await files.size(name);
  await journal.append(metrics("torn"));
  const bytes = (await readAll(files, name)) as Uint8Array;
  for (let from = before; from < bytes.length; from += 37) {
    const torn = await copyOf(files);
    await writeAll(torn, name, bytes.subarray(0, from), new Uint8Array(bytes.length - from).fill(0xab));
    expect((await contents(await open(torn))).metrics).toEqual(metricsOf(metrics("a")));
  }
});

test("a flipped bit loses the record that it is in, and no other", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  const records = [metrics("a"), metrics("b"), metrics("c")];
  const ends: number[] = [];
  const name = await logOf(files);
  for (const record of records) {
    await journal.append(record);
    ends.push(await files.size(name));
  }
  const bytes = (await readAll(files, name)) as Uint8Array;
  for (let at = 0; at < bytes.length; at += 29) {
    const damaged = await copyOf(files);
    const flipped = bytes.slice();
    flipped[at] ^= 1 << (at % 8);
    await writeAll(damaged, name, flipped);
    const again = await open(damaged);
    const hit = ends.findIndex((end) => at < end);
    const others = metricsOf(...records.filter((_, i) => i !== hit));
    const found = (await contents(again)).metrics;
    // Bytes that only fill up the record count for nothing.
    if (found.length !== metricsOf(...records).length) {
      expect(found, `byte ${at}`).toEqual(others);
      expect(again.status.repaired).toHaveLength(1);
    }
    await again.append(metrics("d"));
    await again.close();
    expect((await contents(await open(damaged))).metrics).toEqual(
      [...found, ...metricsOf(metrics("d"))].sort()
    );
  }
});

test("a flipped bit in a sorted segment loses one of its records and is noticed", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  await journal.append(metrics("a", 0, 100));
  await journal.append(param("a", "rate", "1"));
  await journal.compact();
  await journal.close();
  const names = (await files.list()).filter((name) => name.endsWith(".sorted"));
  for (const name of names) {
    const bytes = (await readAll(files, name)) as Uint8Array;
    for (let at = 0; at < bytes.length; at += 97) {
      const damaged = await copyOf(files);
      const flipped = bytes.slice();
      flipped[at] ^= 4;
      await writeAll(damaged, name, flipped);
      const {metrics: found, rows} = await contents(await open(damaged));
      expect([0, 200]).toContain(found.length);
      expect(found.length === 200 || rows.params !== undefined).toBe(true);
    }
  }
});

test("a damaged or missing sidecar is made again", async () => {
  const files = new MemoryFiles();
  const journal = await open(files, {sealBytes: 2000});
  const records = Array.from({length: 6}, (_, i) => metrics(`run${i}`));
  for (const record of records) await journal.append(record);
  await journal.compact();
  for (const record of records) await journal.append({...record, ...metrics(`more ${record.runId}`)});
  const expected = await contents(journal);
  await journal.close();
  for (const name of await files.list()) {
    if (!name.endsWith(".index")) continue;
    const bytes = (await readAll(files, name)) as Uint8Array;
    for (const change of [0, 10, bytes.length >> 1, bytes.length - 9]) {
      const damaged = await copyOf(files);
      bytes[change] ^= 1;
      await writeAll(damaged, name, bytes);
      bytes[change] ^= 1;
      const found = await contents(await open(damaged));
      expect(found.metrics).toEqual(expected.metrics);
      expect(new Set(found.rows.latest_metrics)).toEqual(new Set(expected.rows.latest_metrics));
    }
    const missing = await copyOf(files);
    await missing.remove(name);
    expect((await contents(await open(missing))).metrics).toEqual(expected.metrics);
  }
});

test("either slot of the manifest may be damaged", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  const records: JournalRecord[] = [];
  for (let i = 0; i < 4; i++) {
    records.push(metrics(`run${i}`));
    await journal.append(records[i]);
    await journal.compact();
    for (const slot of ["manifest-a", "manifest-b"]) {
      const damaged = await copyOf(files);
      if ((await damaged.size(slot)) === 0) continue;
      const bytes = (await readAll(damaged, slot)) as Uint8Array;
      bytes[30] ^= 1;
      await writeAll(damaged, slot, bytes);
      const again = await open(damaged);
      expect((await contents(again)).metrics, `${slot} after ${i}`).toEqual(metricsOf(...records));
      await again.append(metrics("later"));
      await again.close();
      expect((await contents(await open(damaged))).metrics).toEqual(metricsOf(...records, metrics("later")));
    }
  }
});

test("a manifest that is torn while the other slot is torn already leaves nothing: so the torn one is written first", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  await journal.append(metrics("a"));
  await journal.compact();
  await journal.close();
  const bytes = (await readAll(files, "manifest-b")) as Uint8Array;
  await writeAll(files, "manifest-b", bytes.subarray(0, 20));
  const written: string[] = [];
  const watched = new Fragile();
  const wrapped = watched.wrap(files);
  const open1 = wrapped.open.bind(wrapped);
  wrapped.open = (name) => {
    if (name.startsWith("manifest")) written.push(name);
    return open1(name);
  };
  const again = await new LocalJournal(wrapped, {role: "leader", compactAfter: never}).ready();
  await again.append(metrics("b"));
  await again.compact();
  expect(written).toEqual(["manifest-b", "manifest-a"]);
  expect((await contents(again)).metrics).toEqual(metricsOf(metrics("a"), metrics("b")));
});

test("a segment that the manifest names and that is gone is told", async () => {
  const files = new MemoryFiles();
  const journal = await open(files);
  await journal.append(metrics("a"));
  await journal.compact();
  await journal.close();
  const [sorted] = (await files.list()).filter((name) => name.endsWith(".sorted"));
  await files.remove(sorted);
  const {repaired} = (await open(files)).status;
  expect(repaired).toEqual([{file: sorted, lostBytes: 0}]);
});

test("a record that turns out to be damaged while it is merged is told", async () => {
  const files = new MemoryFiles();
  const journal = await open(files, {sealBytes: 1});
  await journal.append(metrics("a"));
  const [log] = (await files.list()).filter((name) => name.endsWith(".log")).sort();
  await journal.append(metrics("b"));
  const bytes = (await readAll(files, log)) as Uint8Array;
  bytes[bytes.length - 100] ^= 1;
  await writeAll(files, log, bytes);
  await journal.compact();
  expect(journal.status.repaired).toMatchObject([{file: log}]);
  expect(journal.status.repaired[0].lostBytes).toBeGreaterThan(0);
  expect((await contents(journal)).metrics).toEqual(metricsOf(metrics("b")));
});

/** A journal with sorted segments, logs, a deleted run and rows of other tables. */
async function workspace(): Promise<{files: MemoryFiles; expected: Awaited<ReturnType<typeof contents>>}> {
  const files = new MemoryFiles();
  const journal = await open(files, {sealBytes: 3000});
  for (let i = 0; i < 6; i++) await journal.append(metrics(`run${i % 3}`, 3 * Math.floor(i / 3)));
  await journal.append(param("run0", "rate", "1"));
  await journal.compact();
  for (let i = 6; i < 12; i++) await journal.append(metrics(`run${i % 3}`, 3 * Math.floor(i / 3)));
  await journal.append(param("run1", "rate", "2"));
  await journal.append(
    rowsOf("artifact_links", {
      run_id: "run0",
      cell_exec_id: null,
      artifact_id: "x",
      version: 1,
      direction: "output"
    })
  );
  await journal.close();
  const again = await open(files, {sealBytes: 3000});
  await again.append(metrics("run3"));
  await (await open(files)).close();
  const expected = await contents(again);
  await again.close();
  return {files, expected};
}

test("stopped at any operation of a compaction, the journal loses nothing and doubles nothing", async () => {
  const {files, expected} = await workspace();
  const all = new Fragile();
  const whole = await open(await copyOf(files), {fragile: all});
  const opened = all.done;
  await whole.compact();
  const total = all.done;
  expect(total - opened).toBeGreaterThan(15);
  for (let crashAt = 1; crashAt <= total + 1; crashAt++) {
    const copy = await copyOf(files);
    const fragile = new Fragile(crashAt);
    try {
      const journal = await open(copy, {fragile});
      await journal.compact();
    } catch {
      // The machine stopped.
    }
    const again = await open(copy);
    const found = await contents(again);
    expect(found.metrics, `stopped at ${crashAt} of ${total}`).toEqual(expected.metrics);
    expect(found.rows.params).toEqual(expected.rows.params);
    expect(found.rows.artifact_links).toEqual(expected.rows.artifact_links);
    expect(new Set(found.rows.latest_metrics)).toEqual(new Set(expected.rows.latest_metrics));
    // And the journal can go on, and be compacted.
    await again.append(metrics("later"));
    await again.compact();
    await again.close();
    const last = await contents(await open(copy));
    expect(last.metrics).toEqual([...expected.metrics, ...metricsOf(metrics("later"))].sort());
    expect((await copy.list()).filter((name) => name.endsWith(".log"))).toHaveLength(1);
  }
});

test("stopped at any operation while records are written, every acknowledged one is there, and none in part", async () => {
  const records = Array.from({length: 12}, (_, i) => metrics(`run${i % 2}`, 3 * Math.floor(i / 2)));
  for (let crashAt = 1; crashAt < 80; crashAt++) {
    const files = new MemoryFiles();
    const acknowledged: JournalRecord[] = [];
    try {
      const journal = await open(files, {fragile: new Fragile(crashAt), sealBytes: 2500});
      for (const record of records) {
        await journal.append(record);
        if (journal.status.failure) break;
        acknowledged.push(record);
      }
    } catch {
      // The machine stopped.
    }
    const found = (await contents(await open(files))).metrics;
    const next = records[acknowledged.length];
    const possible = [acknowledged, ...(next ? [[...acknowledged, next]] : [])].map((list) =>
      metricsOf(...list)
    );
    expect(possible).toContainEqual(found);
  }
});

test("a run of which rows are damaged is not given without them", async () => {
  const record = {kind: "rows", table: "metrics", runs: [{runId: "r", rows: 1}]} as unknown as SnapshotRecord;
  const snapshot = {records: () => [record], isDeleted: () => false, content: async () => null};
  const read = readRunStreams(snapshot as unknown as Snapshot, "r");
  await expect(read).rejects.toThrow("Rows of the run r are damaged");
});
