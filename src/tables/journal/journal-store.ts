import type {Files} from "./files.ts";
import {type Entry, Log} from "./log.ts";
import type {Manifest} from "./manifest.ts";
import {encodeFrame, type Origin} from "./record.ts";
import {type Recovered, recover} from "./recover.ts";
import {parseName, type Segment, segmentName, sidecarOf} from "./segment.ts";
import {describe, encodeDeletion, type SegmentIndex} from "./segment-index.ts";
import {Snapshot, type SnapshotParts} from "./snapshot.ts";
import type {JournalRecord} from "./types.ts";

export interface StoreOptions {
  /** A log segment of this size is closed, and the next begun. */
  sealBytes?: number;
}

/** Size of a log segment: read and checked in some 20 ms. */
const sealBytes = 16 * 2 ** 20;

/** What is to be written for a record. @throws JournalError when it does not say what it holds. */
export function rowsEntry(record: JournalRecord, origin: Origin): Entry {
  return {kind: "rows", record, content: record.ipc, origin, about: describe(record.ipc, record)};
}

/** What is to be written when runs are deleted. */
export function deletionEntry(runIds: readonly string[], tab: string): Entry {
  const about = {runs: runIds.map((runId) => ({runId, rows: 0}))};
  return {kind: "deletion", content: encodeDeletion(runIds), origin: {tab, number: 0}, about};
}

/** The segments of a journal. Only one exists for a folder at any time; its writes come one after the other. */
export class JournalStore {
  readonly files: Files;
  /** What was torn, damaged or gone, so far. */
  repaired: Recovered["repaired"];
  readonly #sealBytes: number;
  manifest: Manifest;
  #segments: Segment[];
  #log: Log;
  #nextNumber: number;
  /** How many snapshots read a file. */
  readonly #readers = new Map<string, number>();
  /** Files that go once nobody reads them. */
  readonly #unused = new Set<string>();

  private constructor(files: Files, {manifest, segments, log, repaired}: Recovered, options: StoreOptions) {
    this.files = files;
    this.#sealBytes = options.sealBytes ?? sealBytes;
    this.manifest = manifest;
    this.#segments = segments;
    this.#log = log;
    this.repaired = repaired;
    const numbers = [...segments, log].map(({name}) => parseName(name)?.number ?? 0);
    this.#nextNumber = Math.max(...numbers) + 1;
  }

  static async open(files: Files, options: StoreOptions = {}): Promise<JournalStore> {
    const recovered = await recover(files);
    const store = new JournalStore(files, recovered, options);
    // What is damaged within is not written on: its table of contents tells the next reader.
    if (recovered.log.index.damage.length > 0) await store.seal();
    return store;
  }

  /** The segments that are not written any more, oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, {index}) => sum + index.size, this.#log.size);
  }

  /** The highest number on disk of the records of a tab, 0 without any. */
  mark(tab: string): number {
    const marks = [
      this.manifest.marks,
      this.#log.index.marks,
      ...this.#segments.map(({index}) => index.marks)
    ];
    return Math.max(0, ...marks.map((of) => of[tab] ?? 0));
  }

  /** Writes records and flushes. @throws when the disk refuses, and then has none of them. */
  append(entries: readonly Entry[]): void {
    this.#log.append(entries);
  }

  get isFull(): boolean {
    return this.#log.size >= this.#sealBytes;
  }

  /** Closes the log segment and begins the next; does nothing when it is empty. */
  async seal(): Promise<void> {
    if (this.#log.size === 0) return;
    const full = this.#log;
    this.#log = await Log.open(this.files, this.newName("log"));
    this.#segments = [...this.#segments, {name: full.name, kind: "log", index: full.index}];
    await full.seal();
  }

  /** A name that no file has had. */
  newName(kind: Segment["kind"]): string {
    return segmentName(this.#nextNumber++, kind);
  }

  /** The number of the segment that is being written. */
  get logNumber(): number {
    return parseName(this.#log.name)?.number ?? 0;
  }

  /** What there is now, for a reader with the same files, and what the disk does not take. */
  parts(unwritten: readonly Entry[] = []): SnapshotParts {
    const {name} = this.#log;
    const index = structuredClone(this.#log.index);
    const frames = unwritten.map(({kind, content, origin}) => encodeFrame(kind, content, origin));
    const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, index.size));
    this.#log.read(bytes);
    frames.forEach((frame, i) => {
      const {kind, content, about, origin} = unwritten[i];
      bytes.set(frame, index.size);
      index.records.push({kind, at: index.size, length: content.length, origin, ...about});
      index.size += frame.length;
    });
    return {
      segments: this.#segments.map((segment) => ({
        name: segment.name,
        kind: segment.kind,
        index: segment.kind === "log" ? segment.index : undefined
      })),
      active: {name, bytes, index}
    };
  }

  /** What there is now. Files are kept until it is closed. `isLater` tells records that are not to be in it. */
  async snapshot(parts: SnapshotParts, isLater?: (origin: Origin) => boolean): Promise<Snapshot> {
    const names = parts.segments.map(({name}) => name);
    const known = new Map(this.#segments.map(({name, index}) => [name, index]));
    for (const name of names) this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
    let isClosed = false;
    const closed = () => {
      if (isClosed) return;
      isClosed = true;
      for (const name of names) this.#readers.set(name, (this.#readers.get(name) ?? 1) - 1);
      void this.#removeUnused();
    };
    const snapshot = await Snapshot.open(this.files, parts, {
      indexOf: async (name): Promise<SegmentIndex | null> => known.get(name) ?? null,
      isLater,
      closed
    });
    // A segment whose file is gone: somebody cleared the site's data. What is left is what there is.
    return snapshot ?? this.#snapshotOfTheRest(parts, known);
  }

  async #snapshotOfTheRest(
    parts: SnapshotParts,
    known: ReadonlyMap<string, SegmentIndex>
  ): Promise<Snapshot> {
    const sizes = await Promise.all(parts.segments.map(({name}) => this.files.size(name)));
    const segments = parts.segments.filter((_, i) => sizes[i] > 0);
    const options = {indexOf: async (name: string) => known.get(name) ?? null};
    const snapshot = await Snapshot.open(this.files, {...parts, segments}, options);
    return snapshot ?? (Snapshot.open(this.files, {...parts, segments: []}) as Promise<Snapshot>);
  }

  /** Puts sorted segments in the place of those they were made of, once a manifest says so. */
  replace(manifest: Manifest, made: readonly Segment[]): void {
    const isKept = ({name, kind}: Segment) =>
      kind === "sorted"
        ? manifest.sorted.includes(name)
        : (parseName(name)?.number ?? 0) >= manifest.firstLog;
    for (const segment of this.#segments) if (!isKept(segment)) this.#unused.add(segment.name);
    const logs = this.#segments.filter((segment) => segment.kind === "log" && isKept(segment));
    const known = [...this.#segments, ...made];
    const sorted = manifest.sorted.flatMap((name) => known.find((segment) => segment.name === name) ?? []);
    this.#segments = [...sorted, ...logs];
    this.manifest = manifest;
  }

  /** Removes the files of replaced segments that nobody reads, oldest first. */
  async #removeUnused(): Promise<void> {
    for (const name of [...this.#unused].sort()) {
      if ((this.#readers.get(name) ?? 0) > 0) continue;
      this.#unused.delete(name);
      // Another tab may read it: then it goes when the journal is opened the next time.
      await this.files.remove(sidecarOf(name)).catch(() => {});
      await this.files.remove(name).catch(() => {});
    }
  }

  /** Records whose bytes are not what was written, by file: a compaction passes over them, and then they are gone. */
  noteDamage(damage: ReadonlyMap<string, number>): void {
    const found = [...damage].map(([file, lostBytes]) => ({file, lostBytes}));
    if (found.length > 0) this.repaired = [...this.repaired, ...found];
  }

  /** Removes what `replace` made superfluous. */
  clean(): Promise<void> {
    return this.#removeUnused();
  }

  close(): void {
    this.#log.close();
  }
}
