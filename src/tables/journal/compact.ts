import {breathe} from "../breathe.ts";
import type {MetricColumns} from "../encode.ts";
import {type TableName, tables} from "../schema.ts";
import {readArtifacts} from "./artifact-rows.ts";
import type {JournalStore} from "./journal-store.ts";
import {type Manifest, writeManifest} from "./manifest.ts";
import {MetricCollector} from "./metric-collector.ts";
import {metricColumns} from "./metric-columns.ts";
import {metricRecords, readTable} from "./read.ts";
import type {Segment} from "./segment.ts";
import type {Marks} from "./segment-index.ts";
import type {Snapshot, SnapshotRecord} from "./snapshot.ts";
import {sortMetrics} from "./sort-metrics.ts";
import {SortedWriter} from "./sorted-writer.ts";
import type {WriteQueue} from "./write-queue.ts";

/** Rows of a record that compaction writes, when its runs are smaller: 5 MB. */
const rowsPerRecord = 120_000;
/** Sorted segments below this size are merged again. */
const smallBytes = 16 * 2 ** 20;
/** Sorted segments with runs that go on are merged again up to so many times the size of what is new. */
const worthTimes = 4;
/** Tabs whose last record is remembered. */
const mostMarks = 1000;

const runsOf = ({index}: Segment) =>
  index.records.flatMap(({kind, runs}) => (kind === "rows" ? (runs ?? []) : []).map(({runId}) => runId));

const bytesOf = (segments: readonly Segment[]) => segments.reduce((sum, {index}) => sum + index.size, 0);

const hasTables = ({index}: Segment) => index.records.some(({table}) => table && table !== "metrics");

/** Names of the sorted segments that have rows of deleted runs. */
function withDeleted(snapshot: Snapshot): Set<string> {
  const records = metricRecords(snapshot).filter((record) => record.isSorted && snapshot.hasDeleted(record));
  return new Set(records.map(({part}) => part.name));
}

/** Names of the segments of metrics that are merged; none when it does not pay. */
function chooseInputs(snapshot: Snapshot, segments: readonly Segment[]): Set<string> {
  const logs = segments.filter(({kind}) => kind === "log");
  const sorted = segments.filter((segment) => segment.kind === "sorted" && !hasTables(segment));
  const newRuns = new Set(logs.flatMap(runsOf));
  const shared = sorted.filter((segment) => runsOf(segment).some((runId) => newRuns.has(runId)));
  const deleted = withDeleted(snapshot);
  const small = sorted.filter(({index}) => index.size < smallBytes);
  if (logs.length === 0 && deleted.size === 0 && small.length < 2) return new Set();
  const goOn = bytesOf(shared) <= worthTimes * bytesOf(logs) ? shared : [];
  return new Set([...deleted, ...[...logs, ...goOn, ...small].map(({name}) => name)]);
}

/** Groups of runs that make a record each, with the records that have rows of them. */
function groupRuns(
  snapshot: Snapshot,
  records: readonly SnapshotRecord[]
): {runs: Set<string>; records: SnapshotRecord[]}[] {
  const byRun = new Map<string, {rows: number; records: SnapshotRecord[]}>();
  for (const record of records) {
    for (const {runId, rows} of record.runs ?? []) {
      if (snapshot.isDeleted(runId, record)) continue;
      const run = byRun.get(runId) ?? {rows: 0, records: []};
      run.rows += rows;
      run.records.push(record);
      byRun.set(runId, run);
    }
  }
  const groups: {runs: Set<string>; records: Set<SnapshotRecord>; rows: number}[] = [];
  for (const [runId, {rows, records: parts}] of [...byRun].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let group = groups.at(-1);
    if (!group || group.rows + rows > rowsPerRecord) {
      group = {runs: new Set(), records: new Set(), rows: 0};
      groups.push(group);
    }
    group.runs.add(runId);
    group.rows += rows;
    for (const record of parts) group.records.add(record);
  }
  return groups.map(({runs, records: parts}) => ({runs, records: [...parts]}));
}

/** Columns in parts of so many rows: one run alone may be larger than a record should be. */
function* pieces(columns: MetricColumns): Generator<MetricColumns> {
  const {length} = columns.value;
  for (let from = 0; from < length; from += 2 * rowsPerRecord) {
    const cut = <T extends {subarray(from: number, to: number): T}>(column: T) =>
      column.subarray(from, from + 2 * rowsPerRecord);
    const {runId, key, step, timeMs, value, seq} = columns;
    yield {
      ...columns,
      runId: cut(runId),
      key: cut(key),
      step: cut(step),
      timeMs: cut(timeMs),
      value: cut(value),
      seq: cut(seq)
    };
  }
}

/** Merges the metrics of these segments into sorted ones, a group of runs at a time. */
async function sortRuns(
  snapshot: Snapshot,
  inputs: ReadonlySet<string>,
  writer: SortedWriter
): Promise<void> {
  const records = metricRecords(snapshot).filter(({part}) => inputs.has(part.name));
  // A record of many runs is in several groups, one after the other.
  const last = new Map<SnapshotRecord, Uint8Array | null>();
  for (const {runs, records: parts} of groupRuns(snapshot, records)) {
    const collector = new MetricCollector();
    for (const record of parts) {
      const content = last.get(record) ?? (await snapshot.content(record));
      last.clear();
      last.set(record, content);
      for (const columns of content ? metricColumns(content) : []) {
        collector.add(columns, (runId) => runs.has(runId) && !snapshot.isDeleted(runId, record));
      }
    }
    if (collector.rows > 0) {
      for (const part of pieces(sortMetrics(collector.take()))) await writer.addMetrics(part);
    }
    // Records that come meanwhile are written between two groups.
    await breathe();
  }
  await writer.finish();
}

/** Merges the rows of all small tables. Resolves to the blobs that nothing names any more. */
async function mergeTables(snapshot: Snapshot, writer: SortedWriter): Promise<string[]> {
  const {merger: artifacts, garbage} = await readArtifacts(snapshot);
  for (const table of Object.keys(tables) as TableName[]) {
    if (table === "metrics" || table === "latest_metrics") continue;
    const merger = table === "artifacts" ? artifacts : await readTable(snapshot, table);
    for (const ipc of merger.streams()) await writer.addRows(ipc);
    await breathe();
  }
  await writer.finish();
  return garbage;
}

function joinMarks(all: readonly Marks[]): Marks {
  const joined: Marks = {};
  for (const marks of all) {
    for (const [tab, number] of Object.entries(marks)) {
      const highest = Math.max(joined[tab] ?? 0, number);
      // The tabs that wrote last come last.
      delete joined[tab];
      joined[tab] = highest;
    }
  }
  return Object.fromEntries(Object.entries(joined).slice(-mostMarks));
}

/** Sorted segments that are written, and what becomes of the journal when they are. */
interface Plan {
  snapshot: Snapshot;
  /** Writes them; resolves to the manifest under which they count. */
  write(writer: SortedWriter): Promise<Manifest>;
}

/**
 * Writes segments and switches to them by a manifest. Whatever stops it leaves the journal as it was: what was written
 * counts from that moment on, all at once.
 */
async function carryOut(store: JournalStore, queue: WriteQueue, {snapshot, write}: Plan): Promise<Manifest> {
  const writer = new SortedWriter(store);
  let isSwitched = false;
  try {
    const manifest = await write(writer);
    store.noteDamage(snapshot.damage);
    isSwitched = true;
    await writeManifest(store.files, manifest);
    await queue.inTurn(async () => store.replace(manifest, writer.segments));
    return manifest;
  } finally {
    if (!isSwitched) await writer.discard();
    snapshot.close();
    await store.clean();
  }
}

const names = (segments: readonly Segment[]) => segments.map(({name}) => name);

/**
 * Merges the log segments, and the sorted ones where it pays, into sorted segments. Records that are appended meanwhile
 * stay in the log. Resolves to the blobs that nothing names any more.
 */
export async function compact(store: JournalStore, queue: WriteQueue): Promise<string[]> {
  const {snapshot, segments, firstLog} = await queue.inTurn(async () => {
    await store.seal();
    return {
      snapshot: await store.snapshot(queue.parts()),
      segments: store.segments,
      firstLog: store.logNumber
    };
  });
  const inputs = chooseInputs(snapshot, segments);
  if (inputs.size === 0) {
    snapshot.close();
    return [];
  }
  const {garbage} = await carryOut(store, queue, {
    snapshot,
    async write(writer) {
      const unnamed = await mergeTables(snapshot, writer);
      await sortRuns(snapshot, inputs, writer);
      const kept = segments.filter(
        (segment) => segment.kind === "sorted" && !inputs.has(segment.name) && !hasTables(segment)
      );
      const logs = segments.filter(({kind}) => kind === "log");
      const {generation, marks} = store.manifest;
      return {
        generation: generation + 1,
        firstLog,
        sorted: names([...kept, ...writer.segments]),
        marks: joinMarks([marks, ...logs.map(({index}) => index.marks)]),
        garbage: unnamed
      };
    }
  });
  return garbage;
}

/**
 * Takes the rows of deleted runs out of sorted segments, one at a time, those with the least left first: on a full disk
 * there is no room for more, and what has no row left needs none.
 */
export async function shrink(store: JournalStore, queue: WriteQueue): Promise<void> {
  const take = () => queue.inTurn(() => store.snapshot(queue.parts()));
  const first = await take();
  const left = (name: string) =>
    metricRecords(first)
      .filter((record) => record.part.name === name)
      .flatMap((record) => (record.runs ?? []).filter(({runId}) => !first.isDeleted(runId, record)))
      .reduce((sum, {rows}) => sum + rows, 0);
  const order = [...withDeleted(first)].sort((a, b) => left(a) - left(b));
  first.close();
  for (const name of order) {
    const snapshot = await take();
    await carryOut(store, queue, {
      snapshot,
      async write(writer) {
        await sortRuns(snapshot, new Set([name]), writer);
        const kept = store.manifest.sorted.filter((other) => other !== name);
        const {generation} = store.manifest;
        const sorted = [...kept, ...names(writer.segments)];
        return {...store.manifest, generation: generation + 1, sorted};
      }
    });
  }
}
