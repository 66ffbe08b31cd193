import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {unzipSync} from "fflate";
import {afterEach, expect, test} from "vitest";
import {ArchiveError} from "../../../src/tables/journal/errors.ts";
import {importArchive} from "../../../src/tables/journal/import-archive.ts";
import type {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {openMemoryJournal} from "../../../src/tables/journal/memory-journal.ts";
import type {Journal} from "../../../src/tables/journal/types.ts";
import {openFolderJournal} from "../../../src/tables/node/folder-journal.ts";
import {runRow} from "../../../src/tables/run-rows.ts";
import {curveRun} from "../support/curve-run.ts";
import {FakeBrowser} from "./fake-tabs.ts";
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

/** A journal with something else in the place of some of its methods. */
const bound = <T extends object>(journal: T, change: Partial<T>): T =>
  new Proxy(journal, {
    get(target, name) {
      const found = change[name as keyof T] ?? target[name as keyof T];
      return typeof found === "function" ? found.bind(target) : found;
    }
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

const run = (runId: string) => rowsOf("runs", runRow(curveRun({runId})));

async function recorded(): Promise<Blob> {
  const journal = openMemoryJournal();
  await journal.append(run("a"));
  await journal.append(run("b"));
  await fill(journal);
  return journal.exportArchive();
}

/** What a journal has of the runs of such an archive. */
async function foundIn(journal: Journal) {
  const {metrics: rows, rows: tables} = await contents(journal);
  const runs = (tables.runs ?? []) as {run_id: string}[];
  return {metrics: rows, runs: runs.map(({run_id}) => run_id).sort()};
}

const whole = {metrics: metricsOf(metrics("a", 0, 100), metrics("b")), runs: ["a", "b"]};

test("an import that is killed anywhere is completed by the next one", async () => {
  const archive = await recorded();
  for (let writes = 0; writes < 4; writes++) {
    const journal = openMemoryJournal() as LocalJournal;
    let left = writes;
    const killed = new Promise<void>((resolve) => {
      const write: LocalJournal["write"] = (record, origin) => {
        if (left-- > 0) return journal.write(record, origin);
        resolve();
        return new Promise(() => {});
      };
      void importArchive(archive, bound(journal, {write}));
    });
    await killed;
    expect((await foundIn(journal)).runs).toEqual([]);
    expect(await journal.importArchive(archive)).toMatchObject({runs: 2});
    expect(await foundIn(journal)).toEqual(whole);
    const [{sha256}] = (await contents(journal)).rows.artifacts as {sha256: string}[];
    expect(await journal.getBlob(sha256)).toEqual(weights);
  }
});

test("an import that is cancelled leaves no run, and can be repeated", async () => {
  const archive = await recorded();
  const journal = openMemoryJournal() as LocalJournal;
  const controller = new AbortController();
  const write: LocalJournal["write"] = async (record, origin) => {
    await journal.write(record, origin);
    controller.abort(new Error("enough"));
  };
  const importing = importArchive(archive, bound(journal, {write}), controller.signal);
  await expect(importing).rejects.toThrow("enough");
  expect(await foundIn(journal)).toEqual({metrics: [], runs: []});
  await journal.importArchive(archive);
  expect(await foundIn(journal)).toEqual(whole);
});

test("a page that waits no longer ends what its worker does", async () => {
  const {journal} = await new FakeBrowser().open();
  await journal.append(run("c"));
  const archive = await recorded();
  for (const work of [
    (signal: AbortSignal) => journal.exportArchive(signal),
    (signal: AbortSignal) => journal.importArchive(archive, signal)
  ]) {
    const controller = new AbortController();
    const working = work(controller.signal);
    controller.abort(new Error("enough"));
    await expect(working).rejects.toThrow("enough");
    await expect(work(AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  }
  expect((await foundIn(journal)).runs).toEqual(["c"]);
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

test("an archive that unpacks to more than it says is refused before it fills the memory", async () => {
  const journal = openMemoryJournal();
  for (let i = 0; i < 4; i++) await journal.append(metrics(`r${i}`, 0, 20_000));
  const bytes = new Uint8Array(await (await journal.exportArchive()).arrayBuffer());
  const view = new DataView(bytes.buffer);
  let at = view.getUint32(bytes.length - 6, true);
  // The second entry of the list is of metrics: it says that it is smaller than it is.
  at += 46 + view.getUint16(at + 28, true);
  view.setUint32(at + 24, 100, true);
  await expect(openMemoryJournal().importArchive(new Blob([bytes]))).rejects.toThrow(ArchiveError);
  view.setUint32(at + 24, 0xffffff00, true);
  await expect(openMemoryJournal().importArchive(new Blob([bytes]))).rejects.toThrow(ArchiveError);
});

const sourceOf = (source: string, rev = 1) => ({
  notebook: "n",
  cell_id: 1,
  rev,
  kind: "js",
  source,
  source_sha256: `hash of ${source}`,
  position: 0,
  created_at: new Date(0)
});

const exec = (cell_exec_id: string, rev: number) => ({
  cell_exec_id,
  notebook: "n",
  cell_id: 1,
  rev,
  cache_key: "",
  status: "done" as const,
  started_at: new Date(0),
  ended_at: null,
  result_kind: null,
  result_ref: null,
  result_sha256: null,
  row_count: null,
  error: null
});

test("evaluations of an archive name the source that ran, whatever number it has here", async () => {
  const there = openMemoryJournal();
  await there.append(rowsOf("cells", sourceOf("theirs"), sourceOf("ours", 2), sourceOf("new", 3)));
  await there.append(rowsOf("cell_execs", exec("a", 1), exec("b", 2), exec("c", 3)));
  const here = openMemoryJournal();
  await here.append(rowsOf("cells", sourceOf("ours")));
  await here.append(rowsOf("cell_execs", exec("mine", 1)));
  await here.importArchive(await there.exportArchive());
  await here.importArchive(await there.exportArchive());
  const {cells, cell_execs} = (await contents(here)).rows as {
    cells: ReturnType<typeof sourceOf>[];
    cell_execs: ReturnType<typeof exec>[];
  };
  const ran = cell_execs.map((row) => [
    row.cell_exec_id,
    cells.filter(({rev}) => rev === row.rev).map(({source}) => source)
  ]);
  expect(Object.fromEntries(ran)).toEqual({mine: ["ours"], a: ["theirs"], b: ["ours"], c: ["new"]});
});

test("an archive has no newer version of what a run here made", async () => {
  const there = openMemoryJournal();
  const artifact = {
    artifact_id: "a/w",
    name: "w",
    type: "checkpoint",
    size_bytes: 5,
    uri: null,
    manifest: null,
    created_at: new Date(0)
  };
  await there.append(rowsOf("artifacts", {...artifact, version: 9, sha256: "theirs"}));
  const here = openMemoryJournal();
  await here.append(rowsOf("artifacts", {...artifact, version: 1, sha256: "ours"}));
  await here.importArchive(await there.exportArchive());
  expect((await contents(here)).rows.artifacts).toMatchObject([{sha256: "ours"}]);
});

test("a folder on disk keeps what was written when the process ends without closing", async () => {
  const folder = newFolder();
  const journal = await openFolderJournal(folder);
  await journal.append(metrics("a"));
  const again = await openFolderJournal(folder);
  expect((await contents(again)).metrics).toEqual(metricsOf(metrics("a")));
});
