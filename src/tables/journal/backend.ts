import type {Origin} from "./record.ts";
import type {Snapshot} from "./snapshot.ts";
import type {JournalRecord, JournalStatus} from "./types.ts";

/** What was written, in order, and by whom. */
export interface Written {
  records: {record: JournalRecord; origin: Origin}[];
  deleted: {runIds: readonly string[]; tab: string}[];
}

/** What stands behind a page's journal: the files of its own worker, or another tab's. */
export interface Backend {
  readonly status: JournalStatus;
  subscribe(listener: () => void): () => void;
  /** Resolves when the record is on disk, or kept in memory. One that came before, with the same origin, is not written again. */
  write(record: JournalRecord, origin: Origin): Promise<void>;
  /** Calls back with what is written, by whomever. Returns the way to stop. */
  onWritten(listener: (written: Written) => void): () => void;
  /** The journal once everything that was asked before is done; `isLater` tells records that are not to be in it. */
  snapshot(isLater?: (origin: Origin) => boolean): Promise<Snapshot>;
  putBlob(bytes: Uint8Array): Promise<string>;
  getBlob(sha256: string): Promise<Uint8Array<ArrayBuffer> | null>;
  removeBlob(sha256: string): Promise<void>;
  deleteRuns(runIds: readonly string[], tab: string): Promise<void>;
  compact(): Promise<void>;
  /** Takes note of what is used of the disk. */
  measure(): Promise<void>;
  close(): Promise<void>;
}
