import {checkVersion} from "../migrate.ts";
import {schemaVersion, type TableName, tables} from "../schema.ts";
import {JournalError} from "./errors.ts";
import {ipcMessages} from "./ipc-stream.ts";
import {metricColumns} from "./metric-columns.ts";
import {contentOf, type Frame, type Origin, type RecordKind, scan} from "./record.ts";
import type {JournalRecord} from "./types.ts";

/** The rows of one run in a record. */
export interface RunSpan {
  runId: string;
  rows: number;
}

/** What is known of a record without reading it. */
export interface RecordEntry {
  kind: Exclude<RecordKind, "info">;
  at: number;
  length: number;
  /** Of rows: their table, the version of its description, and how many. */
  table?: TableName;
  version?: number;
  rows?: number;
  /** Of rows of `metrics`: their runs, in the order they lie in the record. Of a deletion: the deleted runs. */
  runs?: RunSpan[];
  /** Who wrote it, as long as the journal that wrote it is open. */
  origin?: Origin;
}

/** The highest number of a record of each tab. */
export type Marks = Record<string, number>;

/** The table of contents of a segment. */
export interface SegmentIndex {
  /** Bytes of the segment that it describes. */
  size: number;
  records: RecordEntry[];
  marks: Marks;
  damage: {at: number; bytes: number}[];
}

/**
 * @throws JournalError when a record does not say what the journal needs to know: it must never hold what it cannot
 * give back. SchemaVersionError when a later version of the program wrote it.
 */
export function describe(
  ipc: Uint8Array,
  expected?: JournalRecord
): Omit<RecordEntry, "kind" | "at" | "length"> {
  let rows = 0;
  let metadata: ReadonlyMap<string, string> = new Map();
  try {
    for (const message of ipcMessages(ipc)) {
      if (message.kind === "schema") metadata = message.metadata;
      if (message.kind === "rows") rows += message.length;
    }
  } catch (cause) {
    throw new JournalError("A record has to hold one Arrow IPC stream, whole.", {cause});
  }
  const version = Number(metadata.get("schema_version") ?? schemaVersion);
  // A table that only a later version has is not this record's mistake.
  checkVersion(version);
  const name = metadata.get("table") ?? "";
  if (!Object.hasOwn(tables, name) || (expected && expected.table !== name)) {
    const wanted = expected ? `"${expected.table}"` : "a table of the store";
    throw new JournalError(
      `A record's schema has to name its table: expected ${wanted} in its metadata, got "${name}".`
    );
  }
  const table = name as TableName;
  if (table !== "metrics") return {table, version, rows};
  const runId = metadata.get("run_id");
  return {table, version, rows, runs: runId === undefined ? spansOf(ipc) : [{runId, rows}]};
}

/** The runs of a stream of metrics, in the order of their first rows. */
function spansOf(ipc: Uint8Array): RunSpan[] {
  const spans = new Map<string, RunSpan>();
  for (const {runIds, runId} of metricColumns(ipc)) {
    const counts = new Uint32Array(runIds.length);
    for (const number of runId) counts[number]++;
    counts.forEach((rows, i) => {
      if (rows === 0) return;
      const span = spans.get(runIds[i]) ?? {runId: runIds[i], rows: 0};
      span.rows += rows;
      spans.set(runIds[i], span);
    });
  }
  return [...spans.values()];
}

/** Deleted runs as the content of a record. */
export function encodeDeletion(runIds: readonly string[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(runIds));
}

function entryOf(bytes: Uint8Array, frame: Frame): RecordEntry | null {
  const {kind, at, length} = frame;
  if (kind === "info") return null;
  const content = contentOf(bytes, frame);
  if (kind === "rows") return {kind, at, length, ...describe(content)};
  const runIds: string[] = JSON.parse(new TextDecoder().decode(content));
  return {kind, at, length, runs: runIds.map((runId) => ({runId, rows: 0}))};
}

/** Reads a whole log segment. `index.size` is where its last whole record ends. */
export function indexSegment(bytes: Uint8Array): SegmentIndex {
  const {frames, damage, end} = scan(bytes);
  const marks: Marks = {};
  const records: RecordEntry[] = [];
  for (const frame of frames) {
    const {tab, number} = frame.origin;
    marks[tab] = Math.max(marks[tab] ?? 0, number);
    const entry = entryOf(bytes, frame);
    if (entry) records.push(entry);
  }
  return {size: end, records, marks, damage};
}
