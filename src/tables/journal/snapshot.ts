import {crc32} from "./crc32.ts";
import type {Files, ReadFile} from "./files.ts";
import {headerBytes, type Origin} from "./record.ts";
import {readIndex, readLatest, type SegmentKind} from "./segment.ts";
import type {RecordEntry, SegmentIndex} from "./segment-index.ts";

/** What is in the journal at one moment, as one tab tells it to another. */
export interface SnapshotParts {
  /** Segments that are not written any more, oldest first, the sorted ones before the others. */
  segments: {name: string; kind: SegmentKind; index?: SegmentIndex}[];
  /** All of the one that is. */
  active: {name: string; bytes: Uint8Array<ArrayBuffer>; index: SegmentIndex};
}

interface Part {
  /** Place in the order of segments. */
  order: number;
  name: string;
  kind: SegmentKind;
  index: SegmentIndex;
  file: ReadFile;
}

/** A record of a snapshot. */
export interface SnapshotRecord extends RecordEntry {
  part: Part;
  /** Whether its rows are merged already. */
  isSorted: boolean;
}

function held(bytes: Uint8Array<ArrayBuffer>): ReadFile {
  return {size: bytes.length, read: (at, length) => bytes.slice(at, at + length), close() {}};
}

/** The journal at one moment; to be closed. */
export class Snapshot {
  readonly #files: Files;
  readonly #parts: readonly Part[];
  readonly #closed: () => void;
  /** Place in the order of records after which the rows of a deleted run count again. */
  readonly #deletions = new Map<string, {order: number; at: number}>();
  /** Bytes of records that turned out to be damaged, by file. */
  readonly damage = new Map<string, number>();

  private constructor(files: Files, parts: readonly Part[], closed: () => void) {
    this.#files = files;
    this.#parts = parts;
    this.#closed = closed;
    for (const {kind, runs, part, at} of this.records()) {
      if (kind !== "deletion") continue;
      for (const {runId} of runs ?? []) this.#deletions.set(runId, {order: part.order, at});
    }
  }

  /** @throws NotFoundError's likes, as null, when a file is gone: the journal has changed since. */
  static async open(
    files: Files,
    {segments, active}: SnapshotParts,
    {
      indexOf = (name) => readIndex(files, name),
      isLater = () => false,
      closed = () => {}
    }: {
      indexOf?: (name: string) => Promise<SegmentIndex | null>;
      isLater?: (origin: Origin) => boolean;
      closed?: () => void;
    } = {}
  ): Promise<Snapshot | null> {
    const opened = await Promise.all(
      segments.map(async ({name, kind, index: given}, order) => {
        const [file, index] = await Promise.all([files.openToRead(name), given ?? indexOf(name)]);
        return file && index && {order, name, kind, index, file};
      })
    );
    const parts = opened.flatMap((part) => part ?? []);
    if (parts.length < opened.length) {
      for (const {file} of parts) file.close();
      closed();
      return null;
    }
    parts.push({
      order: parts.length,
      name: active.name,
      kind: "log",
      index: active.index,
      file: held(active.bytes)
    });
    const isEarlier = ({origin}: RecordEntry) => !origin || !isLater(origin);
    const earlier = parts.map((part) => {
      return {...part, index: {...part.index, records: part.index.records.filter(isEarlier)}};
    });
    return new Snapshot(files, earlier, closed);
  }

  /** All records, in the order they came. */
  *records(): Generator<SnapshotRecord> {
    for (const part of this.#parts) {
      const isSorted = part.kind === "sorted";
      for (const entry of part.index.records) yield {...entry, part, isSorted};
    }
  }

  /** Whether rows of a run that stand in a record were deleted later. */
  isDeleted(runId: string, record: SnapshotRecord): boolean {
    const deletion = this.#deletions.get(runId);
    if (!deletion) return false;
    const {order} = record.part;
    return order < deletion.order || (order === deletion.order && record.at < deletion.at);
  }

  /** Whether a record of metrics has rows of deleted runs. */
  hasDeleted(record: SnapshotRecord): boolean {
    if (this.#deletions.size === 0) return false;
    return record.runs?.some(({runId}) => this.isDeleted(runId, record)) ?? false;
  }

  get hasDeletions(): boolean {
    return this.#deletions.size > 0;
  }

  /** What a record holds; null when its bytes are not what was written. */
  async content({part, at, length}: SnapshotRecord): Promise<Uint8Array<ArrayBuffer> | null> {
    // Read into a buffer of its own, so that it can be handed on without a copy.
    const header = await part.file.read(at, headerBytes);
    const content = await part.file.read(at + headerBytes, length);
    const isWhole = header.length === headerBytes && content.length === length;
    const written = isWhole && new DataView(header.buffer, header.byteOffset).getUint32(8, true);
    if (isWhole && crc32(content, crc32(header.subarray(12))) === written) return content;
    this.damage.set(part.name, (this.damage.get(part.name) ?? 0) + length);
    return null;
  }

  /** The rows of `latest_metrics` for the metrics of a sorted segment; null when they have to be computed. */
  latest({part}: SnapshotRecord): Promise<Uint8Array | null> {
    return readLatest(this.#files, part.name);
  }

  close(): void {
    for (const {file} of this.#parts) file.close();
    this.#closed();
  }
}
