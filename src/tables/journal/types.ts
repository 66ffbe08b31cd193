import type {TableName} from "../schema.ts";

/** What is appended: rows of one table as one Arrow IPC stream. */
export interface JournalRecord {
  table: TableName;
  /** The schema's metadata names the table and the version of its description. */
  ipc: Uint8Array;
  /** For `metrics`: the run that all its rows are of, and the `seq` of its first and last row. */
  runId?: string;
  seq?: readonly [first: number, last: number];
}

/** leader: this tab writes. follower: another tab writes for it. memory: there is no disk to write to. */
export type JournalRole = "leader" | "follower" | "memory";

/** Replaced, never mutated. */
export interface JournalStatus {
  role: JournalRole;
  /** Bytes of this workspace on disk: segments, artifacts. */
  sizeBytes: number;
  /** What the browser lets this origin use, and uses now; null where it does not say. */
  quota: {usageBytes: number; quotaBytes: number} | null;
  /** Whether the browser promised not to evict it; null where it does not say. */
  persisted: boolean | null;
  /** Why rows are not being recorded (a full disk); they are kept in memory meanwhile. Null when all is well. */
  failure: {message: string; unwrittenBytes: number} | null;
  /** What to do about records of another tab that a newer program wrote, and that are passed over here; absent without such. */
  newer?: string;
  /** Records that were cut off or passed over, being torn or damaged; 0 bytes for a file that is gone, or of which nobody knows. */
  repaired: {file: string; lostBytes: number}[];
}

/** The rows of every run, on disk, in the order they came. One a page. */
export interface Journal {
  readonly status: JournalStatus;
  /** Calls back at every change of `status`. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /**
   * Writes a record; resolves when it is on disk (flushed). Order is kept. The bytes stay the caller's.
   * While the disk refuses, it resolves when the record is kept in memory, and `status.failure` says so.
   */
  append(record: JournalRecord): Promise<void>;
  /** Calls back with what other tabs append. Returns the way to stop. */
  onForeign(listener: (record: JournalRecord) => void): () => void;
  /** Calls back with runs that other tabs delete. Returns the way to stop. */
  onDeleted(listener: (runIds: readonly string[]) => void): () => void;
  /**
   * All rows but those of deleted runs, merged into few streams (10 MB or so each): exactly what this tab appended, and what `onForeign`
   * told, before the call. Of rows with the same key there is the last. `latest_metrics` is computed from all rows; after it come
   * only rows of `metrics`: those that were sorted and summed up before.
   * @throws JournalError when another tab changed the files meanwhile; then read again.
   */
  read(tables?: readonly TableName[]): AsyncIterable<{table: TableName; ipc: Uint8Array}>;
  /** The rows of `metrics` of one run, in order; in some 50 ms however large the journal is. */
  readRun(runId: string): Promise<Uint8Array[]>;
  /**
   * The rows of some metrics of some runs as one stream, those of deleted runs left out; null when these runs have so many
   * rows that it takes as long to read all.
   */
  readMetrics(runIds: readonly string[], keys: readonly string[]): Promise<Uint8Array | null>;
  /** Stores content under its SHA-256 (hex), which it resolves to once it is on disk. */
  putBlob(bytes: Uint8Array): Promise<string>;
  /** Content by its SHA-256; null when it is not in the store. Checked against its name. */
  getBlob(sha256: string): Promise<Uint8Array | null>;
  /** Removes content that no row names any more; it is for the caller to know that none does. */
  removeBlob(sha256: string): Promise<void>;
  /** Deletes runs for good: their rows at the next compaction, which it starts, and what only they link to. */
  deleteRuns(runIds: readonly string[]): Promise<void>;
  /** Merges and sorts sealed segments by (run, key, step). Also done by itself when it pays. */
  compact(): Promise<void>;
  /** The whole workspace as one zip archive. The signal ends it where the journal has a worker. */
  exportArchive(signal?: AbortSignal): Promise<Blob>;
  /**
   * Takes in what an archive has that is not here yet. The signal ends it where the journal has a worker; then no run of it
   * stays. @throws ArchiveError when it is none, or damaged.
   */
  importArchive(archive: Blob, signal?: AbortSignal): Promise<{runs: number; sizeBytes: number}>;
  /** Asks the browser not to evict the workspace. */
  persist(): Promise<boolean>;
  /** Size on disk by run, largest first. */
  usage(): Promise<{runId: string; sizeBytes: number}[]>;
  close(): Promise<void>;
}
