import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {unzipSync} from "fflate";
import {afterEach, expect, test} from "vitest";
import {ArchiveError} from "../../../src/tables/journal/errors.ts";
import {openMemoryJournal} from "../../../src/tables/journal/memory-journal.ts";
import type {Journal} from "../../../src/tables/journal/types.ts";
import {openFolderJournal} from "../../../src/tables/node/folder-journal.ts";
import {contents, metrics, metricsOf, param, rowsOf} from "./support.ts";

const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "petri-journal-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, {recursive: true, force: true});
});

const weights = new Uint8Array(5000).map((_, i) => i % 7);

async function fill(journal: Journal): Promise<void> {
  await journal.append(metrics("a", 0, 100));
  await journal.append(metrics("b"));
  await journal.append(param("a", "rate", "0.1"));
  const sha256 = await journal.putBlob(weights);
  await journal.append(
    rowsOf("artifacts", {
      artifact_id: "a/w",
      version: 1,
      name: "w",
      type: "checkpoint",
      sha256,
      size_bytes: weights.length,
      uri: null,
      manifest: null,
      created_at: new Date(0)
    })
  );
}

test("an archive is a zip that other programs read", async () => {
  const journal = openMemoryJournal();
  await fill(journal);
  const archive = await journal.exportArchive();
  const bytes = new Uint8Array(await archive.arrayBuffer());
  const files = unzipSync(bytes);
  expect(Object.keys(files)).toContain("petri.json");
  expect(files[Object.keys(files).find((name) => name.startsWith("blobs/")) as string]).toEqual(weights);
});

test("a workspace goes through an archive into a folder on disk, and again", async () => {
  const journal = openMemoryJournal();
  await fill(journal);
  const archive = await journal.exportArchive();
  const folder = newFolder();
  const other = await openFolderJournal(folder);
  await other.append(metrics("c"));
  const report = await other.importArchive(archive);
  expect(report.sizeBytes).toBeGreaterThan(weights.length);
  const expected = metricsOf(metrics("a", 0, 100), metrics("b"), metrics("c"));
  expect((await contents(other)).metrics).toEqual(expected);
  expect(await other.importArchive(archive)).toEqual({runs: 0, sizeBytes: 0});
  await other.close();
  const again = await openFolderJournal(folder);
  const found = await contents(again);
  expect(found.metrics).toEqual(expected);
  expect(found.rows.params).toHaveLength(1);
  const [{sha256}] = found.rows.artifacts as {sha256: string}[];
  expect(await again.getBlob(sha256)).toEqual(weights);
  await again.close();
});

test("a run that is here stays as it is, and a deleted one comes back", async () => {
  const journal = openMemoryJournal();
  await fill(journal);
  const archive = await journal.exportArchive();
  await journal.append(metrics("b", 3));
  await journal.append(param("a", "rate", "changed"));
  await journal.deleteRuns(["a"]);
  await journal.importArchive(archive);
  const found = await contents(journal);
  expect(found.metrics).toEqual(metricsOf(metrics("a", 0, 100), metrics("b"), metrics("b", 3)));
  expect(found.rows.params).toMatchObject([{run_id: "a", value_str: "0.1"}]);
});

test("an archive that is none, or damaged anywhere, is refused and nothing is taken", async () => {
  const journal = openMemoryJournal();
  await fill(journal);
  const bytes = new Uint8Array(await (await journal.exportArchive()).arrayBuffer());
  const refuse = async (blob: Blob) => {
    const other = openMemoryJournal();
    await expect(other.importArchive(blob)).rejects.toThrow(ArchiveError);
    expect((await contents(other)).metrics).toEqual([]);
  };
  await refuse(new Blob([]));
  await refuse(new Blob(["no archive"]));
  await refuse(new Blob([bytes.subarray(0, bytes.length - 30)]));
  await refuse(new Blob([bytes.subarray(0, 400), new Uint8Array(30), bytes.subarray(430)]));
});

test("a folder on disk keeps what was written when the process ends without closing", async () => {
  const folder = newFolder();
  const journal = await openFolderJournal(folder);
  await journal.append(metrics("a"));
  const again = await openFolderJournal(folder);
  expect((await contents(again)).metrics).toEqual(metricsOf(metrics("a")));
});
