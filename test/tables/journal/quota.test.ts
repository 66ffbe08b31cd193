import {expect, test, vi} from "vitest";
import type {Files} from "../../../src/tables/journal/files.ts";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {until} from "./fake-tabs.ts";
import {SmallDisk} from "./small-disk.ts";
import {contents, metrics, metricsOf, rowsOf} from "./support.ts";

const open = (files: Files) =>
  new LocalJournal(files, {role: "leader", compactAfter: Number.POSITIVE_INFINITY}).ready();

test("a full disk stops nothing but recording: rows stay in memory, in order, and are written when there is room", async () => {
  const disk = new SmallDisk(8000);
  const files = disk.files();
  const journal = await open(files);
  const records = Array.from({length: 12}, (_, i) => metrics("a", 3 * i));
  for (const record of records) await journal.append(record);
  const {failure} = journal.status;
  expect(failure?.message).toContain("The disk is full");
  expect(failure?.unwrittenBytes).toBeGreaterThan(3 * records[0].ipc.length);
  expect((await contents(journal)).metrics).toEqual(metricsOf(...records));
  expect(await journal.readRun("a")).toHaveLength(1);
  // What is on disk is whole.
  const onDisk = (await contents(await open(files))).metrics;
  expect(onDisk.length).toBeGreaterThan(5);
  expect(onDisk.length % 6).toBe(0);

  disk.capacity = 1e6;
  records.push(metrics("b"));
  await journal.append(records[12]);
  expect(journal.status.failure).toBeNull();
  expect((await contents(await open(files))).metrics).toEqual(metricsOf(...records));
});

test("tries again by itself after a while", async () => {
  vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
  try {
    const disk = new SmallDisk(3000);
    const journal = await open(disk.files());
    for (let i = 0; i < 4; i++) await journal.append(metrics("a", 3 * i));
    expect(journal.status.failure).not.toBeNull();
    disk.capacity = 1e6;
    vi.advanceTimersByTime(60_000);
    await until(journal, () => journal.status.failure === null);
  } finally {
    vi.useRealTimers();
  }
});

test("deleting runs makes room on a full disk, without room for a compaction", async () => {
  const disk = new SmallDisk(1e6);
  const files = disk.files();
  const journal = await open(files);
  await journal.append(metrics("large", 0, 800));
  await journal.append(metrics("kept"));
  const content = new Uint8Array(20_000).fill(7);
  const sha256 = await journal.putBlob(content);
  const about = {type: "checkpoint", uri: null, manifest: null, created_at: new Date(0)};
  await journal.append(
    rowsOf("artifacts", {
      artifact_id: "large/w",
      version: 1,
      name: "w",
      sha256,
      size_bytes: content.length,
      ...about
    })
  );
  const link = {
    run_id: "large",
    cell_exec_id: null,
    artifact_id: "large/w",
    version: 1,
    direction: "output"
  } as const;
  await journal.append(rowsOf("artifact_links", link));
  await journal.compact();
  expect((await journal.usage())[0]).toMatchObject({runId: "large"});
  disk.capacity = disk.usedBytes + 1;
  await journal.append(metrics("later"));
  expect(journal.status.failure).not.toBeNull();

  await journal.deleteRuns(["large"]);
  await until(journal, () => journal.status.failure === null && journal.status.sizeBytes < 20_000);
  const expected = metricsOf(metrics("kept"), metrics("later"));
  expect((await contents(journal)).metrics).toEqual(expected);
  expect(await journal.getBlob(sha256)).toBeNull();
  await journal.close();
  expect((await contents(await open(files))).metrics).toEqual(expected);
});

test("content that two runs share stays until the last is deleted", async () => {
  const disk = new SmallDisk(1e6);
  const journal = await open(disk.files());
  const sha256 = await journal.putBlob(Uint8Array.of(1, 2, 3));
  for (const runId of ["a", "b"]) {
    await journal.append(
      rowsOf("artifacts", {
        artifact_id: `${runId}/w`,
        version: 1,
        name: "w",
        type: "checkpoint",
        sha256,
        size_bytes: 3,
        uri: null,
        manifest: null,
        created_at: new Date(0)
      })
    );
    await journal.append(
      rowsOf("artifact_links", {
        run_id: runId,
        cell_exec_id: null,
        artifact_id: `${runId}/w`,
        version: 1,
        direction: "output"
      })
    );
  }
  await journal.deleteRuns(["a"]);
  await journal.compact();
  expect(await journal.getBlob(sha256)).not.toBeNull();
  expect((await contents(journal)).rows.artifacts).toMatchObject([{artifact_id: "b/w"}]);
  await journal.deleteRuns(["b"]);
  await journal.compact();
  expect(await journal.getBlob(sha256)).toBeNull();
});
