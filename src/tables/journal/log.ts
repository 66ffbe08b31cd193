import type {Files, OpenFile} from "./files.ts";
import {encodeFrame, frameBytes, type Origin} from "./record.ts";
import {writeSidecar} from "./segment.ts";
import {indexSegment, type RecordEntry, type SegmentIndex} from "./segment-index.ts";
import type {JournalRecord} from "./types.ts";

/** What is to be written. */
export interface Entry {
  /** Of rows. */
  record?: JournalRecord;
  kind: RecordEntry["kind"];
  content: Uint8Array;
  origin: Origin;
  /** What the index says of it besides its place. */
  about: Omit<RecordEntry, "kind" | "at" | "length" | "origin">;
}

/** The segment that is being written. */
export class Log {
  readonly name: string;
  readonly index: SegmentIndex;
  readonly #files: Files;
  readonly #file: OpenFile;
  /** Bytes that were cut off when it was opened. */
  readonly tornBytes: number;

  private constructor(files: Files, name: string, file: OpenFile, index: SegmentIndex, tornBytes: number) {
    this.#files = files;
    this.name = name;
    this.#file = file;
    this.index = index;
    this.tornBytes = tornBytes;
  }

  /** Opens a segment, cutting off what was not written to its end. */
  static async open(files: Files, name: string): Promise<Log> {
    const file = await files.open(name);
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    const index = indexSegment(bytes);
    const tornBytes = bytes.length - index.size;
    if (tornBytes > 0) {
      file.truncate(index.size);
      file.flush();
    }
    return new Log(files, name, file, index, tornBytes);
  }

  get size(): number {
    return this.index.size;
  }

  /**
   * Writes records and flushes them: when it returns, they are on disk. @throws when the disk refuses; then none of
   * them is in the segment.
   */
  append(entries: readonly Entry[]): void {
    const start = this.size;
    let at = start;
    try {
      for (const {kind, content, origin} of entries) {
        const frame = encodeFrame(kind, content, origin);
        this.#file.write(frame, at);
        at += frame.length;
      }
      this.#file.flush();
    } catch (error) {
      try {
        this.#file.truncate(start);
      } catch {
        // Then the next record is written over it, or the next start cuts it off.
      }
      throw error;
    }
    for (const {kind, content, origin, about} of entries) {
      const {marks, records} = this.index;
      records.push({kind, at: this.index.size, length: content.length, origin, ...about});
      marks[origin.tab] = Math.max(marks[origin.tab] ?? 0, origin.number);
      this.index.size += frameBytes(content.length);
    }
  }

  /** Fills the start of `into` with all of its bytes. */
  read(into: Uint8Array): void {
    this.#file.read(into.subarray(0, this.size), 0);
  }

  /** Closes it for good, with a table of contents beside it. */
  async seal(): Promise<void> {
    this.close();
    await writeSidecar(this.#files, this.name, this.index, null).catch(() => {
      // It is made again when it is missed: no reason to fail for.
    });
  }

  close(): void {
    this.#file.close();
  }
}
