import type {TableName} from "../schema.ts";
import {Blobs} from "./blobs.ts";
import type {Files} from "./files.ts";
import {deletionEntry, JournalStore, rowsEntry, type StoreOptions} from "./journal-store.ts";
import type {Entry} from "./log.ts";
import type {TableStream} from "./read.ts";
import {noOrigin, type Origin} from "./record.ts";
import type {Segment} from "./segment.ts";
import type {Snapshot, SnapshotParts} from "./snapshot.ts";
import {StatusBoard} from "./status.ts";
import type {Journal, JournalRecord, JournalRole, JournalStatus} from "./types.ts";
import {WriteQueue} from "./write-queue.ts";

/** What the browser says of its disk; nothing elsewhere. */
export type StorageLike = Partial<Pick<StorageManager, "estimate" | "persist" | "persisted">>;

export interface LocalJournalOptions extends StoreOptions {
  role: JournalRole;
  storage?: StorageLike;
  /** Log segments that wait before they are compacted without being asked. */
  compactAfter?: number;
}

/** Log segments are read some ten times slower than sorted ones. */
const compactAfter = 4;

/** A journal whose files are this thread's. */
export class LocalJournal implements Journal {
  readonly #files: Files;
  readonly #blobs: Blobs;
  readonly #options: LocalJournalOptions;
  readonly #board: StatusBoard;
  readonly #foreign = new Set<(record: JournalRecord) => void>();
  readonly #written = new Set<(entries: readonly Entry[]) => void>();
  readonly #opened: Promise<{store: JournalStore; queue: WriteQueue}>;
  #compacting: Promise<void> | null = null;
  #blobBytes = 0;

  constructor(files: Files, options: LocalJournalOptions) {
    this.#files = files;
    this.#blobs = new Blobs(files.folder("blobs"));
    this.#options = options;
    this.#board = new StatusBoard(options.role);
    this.#opened = this.#open();
    this.#opened.catch(() => {});
  }

  get status(): JournalStatus {
    return this.#board.status;
  }

  subscribe(listener: () => void): () => void {
    return this.#board.subscribe(listener);
  }

  /** Resolves when it is open. */
  async ready(): Promise<this> {
    await this.#opened;
    return this;
  }

  append(record: JournalRecord): Promise<void> {
    return this.write(record, noOrigin);
  }

  /** As `append`; a record that came before, with the same origin, is not written again. */
  async write(record: JournalRecord, origin: Origin): Promise<void> {
    const entry = rowsEntry(record, origin);
    const {queue} = await this.#opened;
    await queue.add(entry);
  }

  onForeign(listener: (record: JournalRecord) => void): () => void {
    this.#foreign.add(listener);
    return () => this.#foreign.delete(listener);
  }

  /** Calls back with what is written, by whomever, in order. */
  onWritten(listener: (entries: readonly Entry[]) => void): () => void {
    this.#written.add(listener);
    return () => this.#written.delete(listener);
  }

  /** What there is once everything that was asked before is done. */
  async parts(): Promise<SnapshotParts> {
    const {queue} = await this.#opened;
    return queue.inTurn(async () => queue.parts());
  }

  read(tables?: readonly TableName[]): AsyncIterable<TableStream> {
    return readAndClose(this.snapshot(), tables);
  }

  async readRun(runId: string): Promise<Uint8Array[]> {
    const [snapshot, {readRunStreams}] = await Promise.all([this.snapshot(), import("./read.ts")]);
    try {
      return await readRunStreams(snapshot, runId);
    } finally {
      snapshot.close();
    }
  }

  /** The journal once everything that was asked before is done; `isLater` tells records that are not to be in it. */
  async snapshot(isLater?: (origin: Origin) => boolean): Promise<Snapshot> {
    const {store, queue} = await this.#opened;
    return queue.inTurn(() => store.snapshot(queue.parts(), isLater));
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    await this.#opened;
    const sha256 = await this.#blobs.put(bytes);
    await this.#measure();
    return sha256;
  }

  getBlob(sha256: string): Promise<Uint8Array | null> {
    return this.#blobs.get(sha256);
  }

  async deleteRuns(runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) return;
    const {queue} = await this.#opened;
    await queue.add(deletionEntry(runIds));
    this.#compactSoon();
  }

  async compact(): Promise<void> {
    await this.#opened;
    // One that is under way may have begun before what this one is asked for.
    await this.#compacting;
    await this.#compact();
  }

  exportArchive(): Promise<Blob> {
    throw new Error("later");
  }

  importArchive(): Promise<{runs: number; sizeBytes: number}> {
    throw new Error("later");
  }

  async persist(): Promise<boolean> {
    const persisted = (await this.#options.storage?.persist?.()) ?? false;
    await this.#measure();
    return persisted;
  }

  async usage(): Promise<{runId: string; sizeBytes: number}[]> {
    const {store} = await this.#opened;
    return usageOf([...store.segments, (await this.parts()).active]);
  }

  async close(): Promise<void> {
    const {store, queue} = await this.#opened;
    await this.#compacting?.catch(() => {});
    await queue.close();
    store.close();
  }

  async #open() {
    const store = await JournalStore.open(this.#files, this.#options);
    const queue = new WriteQueue({
      store,
      onWritten: (entries) => {
        for (const listener of [...this.#written]) listener(entries);
        this.#board.set({sizeBytes: store.sizeBytes + this.#blobBytes});
        this.#compactWhenItPays(store);
      },
      onFailure: (failure) => this.#board.set({failure})
    });
    this.#board.set({repaired: store.repaired, sizeBytes: store.sizeBytes});
    void this.#measure();
    this.#compactWhenItPays(store, 2);
    return {store, queue};
  }

  #compactWhenItPays(store: JournalStore, after = this.#options.compactAfter ?? compactAfter): void {
    const logs = store.segments.filter(({kind}) => kind === "log");
    if (logs.length >= after) this.#compactSoon();
  }

  /** In the background; what fails is tried again with the next segment. */
  #compactSoon(): void {
    if (this.#compacting) return;
    this.#compact().catch((error: unknown) => console.error("Petri could not compact its journal.", error));
  }

  #compact(): Promise<void> {
    const work = async () => {
      const [{store, queue}, {compact}] = await Promise.all([this.#opened, import("./compact.ts")]);
      const garbage = await compact(store, queue);
      for (const sha256 of garbage) await this.#blobs.remove(sha256);
      await queue.retry();
      await this.#measure();
    };
    const done = work().finally(() => {
      if (this.#compacting === done) this.#compacting = null;
    });
    this.#compacting = done;
    return done;
  }

  /** Takes note of what is used of the disk. */
  async #measure(): Promise<void> {
    const {storage} = this.#options;
    const {store} = await this.#opened;
    const [blobBytes, estimate, persisted] = await Promise.all([
      this.#blobs.sizeBytes(),
      storage?.estimate?.().catch(() => null),
      storage?.persisted?.().catch(() => null)
    ]);
    this.#blobBytes = blobBytes;
    const {usage: usageBytes, quota: quotaBytes} = estimate ?? {};
    const quota = usageBytes === undefined || quotaBytes === undefined ? null : {usageBytes, quotaBytes};
    this.#board.set({sizeBytes: store.sizeBytes + blobBytes, quota, persisted: persisted ?? null});
  }
}

/** Reads a snapshot that was asked for before the first row is, and closes it however the reading ends. */
function readAndClose(taken: Promise<Snapshot>, tables?: readonly TableName[]): AsyncGenerator<TableStream> {
  taken.catch(() => {});
  return (async function* () {
    const [snapshot, {readStreams}] = await Promise.all([taken, import("./read.ts")]);
    try {
      yield* readStreams(snapshot, tables);
    } finally {
      snapshot.close();
    }
  })();
}

/** Bytes of metrics by run, largest first. */
function usageOf(segments: readonly Pick<Segment, "index">[]): {runId: string; sizeBytes: number}[] {
  const sizes = new Map<string, number>();
  for (const {index} of segments) {
    for (const {kind, runs, rows = 0, length} of index.records) {
      if (kind === "deletion") for (const {runId} of runs ?? []) sizes.delete(runId);
      else if (rows > 0) {
        for (const span of runs ?? []) {
          sizes.set(span.runId, (sizes.get(span.runId) ?? 0) + (length * span.rows) / rows);
        }
      }
    }
  }
  return [...sizes]
    .map(([runId, sizeBytes]) => ({runId, sizeBytes: Math.round(sizeBytes)}))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
}
