import {writeMetrics} from "../encode.ts";
import {decodeRows, encodeRows} from "../encode-rows.ts";
import {type Row, type TableName, tables} from "../schema.ts";
import type {Backend} from "./backend.ts";
import {CellRevisions} from "./cell-revisions.ts";
import {ArchiveError} from "./errors.ts";
import {archiveAbout} from "./export-archive.ts";
import {RowMerger} from "./merge-rows.ts";
import {MetricCollector} from "./metric-collector.ts";
import {metricColumns} from "./metric-columns.ts";
import {readTable} from "./read.ts";
import {contentOf, scan} from "./record.ts";
import {describe} from "./segment-index.ts";
import type {Snapshot} from "./snapshot.ts";
import type {JournalRecord} from "./types.ts";
import {withSnapshot} from "./with-snapshot.ts";
import {readDirectory, readEntry, type ZipEntry} from "./zip-reader.ts";

/** What is here already. */
interface Known {
  runs: Set<string>;
  /** Runs of which there are rows, and no record of the run itself. */
  unrecorded: Set<string>;
  tables: Map<TableName, RowMerger>;
  artifacts: Set<string>;
}

async function knownRows(snapshot: Snapshot): Promise<Known> {
  const known: Known = {runs: new Set(), unrecorded: new Set(), tables: new Map(), artifacts: new Set()};
  for (const table of Object.keys(tables) as TableName[]) {
    if (table === "metrics" || table === "latest_metrics") continue;
    known.tables.set(table, await readTable(snapshot, table));
  }
  for (const row of known.tables.get("runs")?.rows() ?? []) known.runs.add((row as Row<"runs">).run_id);
  for (const row of known.tables.get("artifacts")?.rows() ?? [])
    known.artifacts.add((row as Row<"artifacts">).artifact_id);
  for (const record of snapshot.records()) {
    if (record.kind !== "rows") continue;
    for (const {runId} of record.runs ?? []) {
      if (!known.runs.has(runId) && !snapshot.isDeleted(runId, record)) known.unrecorded.add(runId);
    }
  }
  for (const runId of known.unrecorded) known.runs.add(runId);
  return known;
}

const revisionsIn = ({tables: known}: Known) =>
  new CellRevisions((known.get("cells")?.rows() ?? []) as Row<"cells">[]);

/** The rows of a stream that are not here yet; null when all are. */
function newRows(
  table: TableName,
  ipc: Uint8Array,
  known: Known,
  revisions: CellRevisions
): {record: JournalRecord; runs: number} | null {
  if (table === "metrics") {
    const collector = new MetricCollector();
    for (const columns of metricColumns(ipc)) collector.add(columns, (runId) => !known.runs.has(runId));
    const record = collector.rows > 0 && {table, ipc: writeMetrics(collector.take())};
    return record ? {record, runs: 0} : null;
  }
  const merger = new RowMerger(table);
  merger.add(ipc, (row) => {
    const {run_id} = row as {run_id?: string | null};
    if (typeof run_id === "string" && known.runs.has(run_id)) return false;
    // Another version of what a run here made would stand for it.
    if (table === "artifacts") return !known.artifacts.has((row as Row<"artifacts">).artifact_id);
    return table === "cells" || !known.tables.get(table)?.has(row);
  });
  let rows = merger.rows();
  if (table === "cells") rows = (rows as Row<"cells">[]).flatMap((row) => revisions.take(row) ?? []);
  if (table === "cell_execs") rows = (rows as Row<"cell_execs">[]).map((row) => revisions.place(row));
  if (rows.length === 0) return null;
  return {record: {table, ipc: encodeRows<TableName>(table, rows)}, runs: table === "runs" ? rows.length : 0};
}

/**
 * Checks a part, and takes note of the runs that it has the records of.
 * @throws ArchiveError when it has rows that no journal takes.
 */
function checkRows(
  bytes: Uint8Array,
  name: string,
  known: Known,
  revisions: CellRevisions,
  runIds: Set<string>
): void {
  for (const {table, ipc} of recordsOf(bytes, name)) {
    try {
      if (table === "runs") for (const {run_id} of decodeRows(table, ipc)) runIds.add(run_id);
      if (table !== "metrics") newRows(table, ipc, known, revisions);
      else for (const _ of metricColumns(ipc));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ArchiveError(`"${name}" in the archive has rows that cannot be stored: ${reason}`, {cause});
    }
  }
}

function parsed(bytes: Uint8Array): {format?: unknown; version?: unknown} {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

async function checkAbout(archive: Blob, entries: readonly ZipEntry[]): Promise<void> {
  const entry = entries.find(({name}) => name === "petri.json");
  const about = entry ? parsed(await readEntry(archive, entry)) : {};
  if (about.format !== archiveAbout.format) {
    throw new ArchiveError(
      'Expected an archive of a workspace, with a "petri.json" that says so; there is none.'
    );
  }
  if (about.version !== archiveAbout.version) {
    throw new ArchiveError(
      `The archive has version ${about.version}, and this Petri reads ${archiveAbout.version}. Use a newer Petri.`
    );
  }
}

/** The records of a part. @throws ArchiveError when one of them is damaged. */
function recordsOf(bytes: Uint8Array, name: string): {table: TableName; ipc: Uint8Array}[] {
  const {frames, damage, end} = scan(bytes);
  if (damage.length > 0 || end !== bytes.length)
    throw new ArchiveError(`"${name}" in the archive is damaged.`);
  return frames.map((frame) => {
    const ipc = contentOf(bytes, frame);
    return {table: describe(ipc).table as TableName, ipc};
  });
}

type Target = Pick<Backend, "snapshot" | "write" | "putBlob" | "getBlob" | "deleteRuns" | "compact">;

/** Writes content that is not here. Returns its bytes. @throws ArchiveError when it is not what its name says. */
async function takeBlob(archive: Blob, entry: ZipEntry, backend: Target): Promise<number> {
  const sha256 = entry.name.slice("blobs/".length);
  const content = await readEntry(archive, entry);
  if (await backend.getBlob(sha256)) return 0;
  if ((await backend.putBlob(content)) !== sha256) {
    throw new ArchiveError(`"${entry.name}" in the archive has other content than its name says.`);
  }
  return content.length;
}

/**
 * Takes in the runs of an archive that are not here, with what belongs to them, and rows of other tables whose key is
 * not. No row is written before everything was checked, and the records of runs come last: of an import that was cut off
 * there are rows of runs that are not recorded, and the next one takes these runs in again.
 * @throws ArchiveError when it is no archive of a workspace, or damaged; the signal's reason, and then no run stays.
 */
export async function importArchive(
  archive: Blob,
  backend: Target,
  signal?: AbortSignal
): Promise<{runs: number; sizeBytes: number}> {
  const entries = await readDirectory(archive);
  await checkAbout(archive, entries);
  const parts = entries.filter(({name}) => name.startsWith("records/"));
  let known = await withSnapshot(backend, knownRows);
  const trial = revisionsIn(known);
  const runIds = new Set<string>();
  for (const entry of parts) {
    signal?.throwIfAborted();
    checkRows(await readEntry(archive, entry), entry.name, known, trial, runIds);
  }
  const tab = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const leftOver = [...runIds].filter((runId) => known.unrecorded.has(runId));
  if (leftOver.length > 0) {
    await backend.deleteRuns(leftOver, tab);
    // Content that only they had is removed now, and not when new rows are about to name it.
    await backend.compact();
    known = await withSnapshot(backend, knownRows);
  }
  const revisions = revisionsIn(known);
  const report = {runs: 0, sizeBytes: 0};
  let number = 0;
  const write = async ({record, runs}: {record: JournalRecord; runs: number}) => {
    await backend.write(record, {tab, number: ++number});
    report.runs += runs;
    report.sizeBytes += record.ipc.length;
  };
  const records: NonNullable<ReturnType<typeof newRows>>[] = [];
  try {
    // Content first: a row never names what is not there.
    for (const entry of entries.filter(({name}) => name.startsWith("blobs/"))) {
      signal?.throwIfAborted();
      report.sizeBytes += await takeBlob(archive, entry, backend);
    }
    for (const entry of parts) {
      for (const {table, ipc} of recordsOf(await readEntry(archive, entry), entry.name)) {
        signal?.throwIfAborted();
        const fresh = newRows(table, ipc, known, revisions);
        if (fresh && table === "runs") records.push(fresh);
        else if (fresh) await write(fresh);
      }
    }
  } catch (error) {
    if (number > 0)
      await backend.deleteRuns(
        [...runIds].filter((runId) => !known.runs.has(runId)),
        tab
      );
    throw error;
  }
  for (const record of records) await write(record);
  return report;
}
