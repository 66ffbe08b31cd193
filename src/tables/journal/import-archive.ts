import {writeMetrics} from "../encode.ts";
import {encodeRows} from "../encode-rows.ts";
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
  tables: Map<TableName, RowMerger>;
  artifacts: Set<string>;
}

async function knownRows(snapshot: Snapshot): Promise<Known> {
  const known: Known = {runs: new Set(), tables: new Map(), artifacts: new Set()};
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
      if (!snapshot.isDeleted(runId, record)) known.runs.add(runId);
    }
  }
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

/** @throws ArchiveError when a part has rows that no journal takes. */
function checkRows(bytes: Uint8Array, name: string, known: Known, revisions: CellRevisions): void {
  for (const {table, ipc} of recordsOf(bytes, name)) {
    try {
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

/**
 * Takes in the runs of an archive that are not here, with what belongs to them, and rows of other tables whose key is
 * not. No row is written before everything was checked.
 * @throws ArchiveError when it is no archive of a workspace, or damaged.
 */
export async function importArchive(
  archive: Blob,
  backend: Pick<Backend, "snapshot" | "write" | "putBlob" | "getBlob">
): Promise<{runs: number; sizeBytes: number}> {
  const entries = await readDirectory(archive);
  await checkAbout(archive, entries);
  const parts = entries.filter(({name}) => name.startsWith("records/"));
  const known = await withSnapshot(backend, knownRows);
  const trial = revisionsIn(known);
  for (const entry of parts) checkRows(await readEntry(archive, entry), entry.name, known, trial);
  const revisions = revisionsIn(known);
  const report = {runs: 0, sizeBytes: 0};
  const tab = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  let number = 0;
  // Content first: a row never names what is not there.
  for (const entry of entries.filter(({name}) => name.startsWith("blobs/"))) {
    const sha256 = entry.name.slice("blobs/".length);
    const content = await readEntry(archive, entry);
    if (await backend.getBlob(sha256)) continue;
    if ((await backend.putBlob(content)) !== sha256) {
      throw new ArchiveError(`"${entry.name}" in the archive has other content than its name says.`);
    }
    report.sizeBytes += content.length;
  }
  for (const entry of parts) {
    for (const {table, ipc} of recordsOf(await readEntry(archive, entry), entry.name)) {
      const fresh = newRows(table, ipc, known, revisions);
      if (!fresh) continue;
      await backend.write(fresh.record, {tab, number: ++number});
      report.runs += fresh.runs;
      report.sizeBytes += fresh.record.ipc.length;
    }
  }
  return report;
}
