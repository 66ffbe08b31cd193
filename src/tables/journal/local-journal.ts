import type {Row, TableName} from "../schema.ts";
import type {Backend, Written} from "./backend.ts";
import {Blobs} from "./blobs.ts";
import {isFull} from "./errors.ts";
import type {Files} from "./files.ts";
import {deletionEntry, JournalStore, rowsEntry, type StoreOptions} from "./journal-store.ts";
import type {Entry} from "./log.ts";
import {MemoryFiles} from "./memory-files.ts";
import {noOrigin, type Origin} from "./record.ts";
import type {Snapshot, SnapshotParts} from "./snapshot.ts";
import {StatusBoard} from "./status.ts";
import type {Journal, JournalRecord, JournalRole, JournalStatus} from "./types.ts";
import {readAndClose, type TableStream, withSnapshot} from "./with-snapshot.ts";
import {WriteQueue} from "./write-queue.ts";

/** What the browser says of its disk; nothing elsewhere. */
export type StorageLike = Partial<Pick<StorageManager, "estimate" | "persist" | "persisted">>;

export interface LocalJournalOptions extends StoreOptions {
  role: JournalRole;
  storage?: StorageLike;
  /** What is wrong from the start. */
  failure?: string;
  /** Whether to go on in memory when the files cannot be opened, and to say so. */
  orMemory?: boolean;
  /** Log segments that wait before they are compacted without being asked. */
  compactAfter?: number;
}

/** Log segments are read some ten times slower than sorted ones. */
const compactAfter = 4;

/** A journal whose files are this thread's. */
export class LocalJournal implements Journal, Backend {
  readonly #files: Files;
  readonly #blobs: Blobs;
  readonly #options: LocalJournalOptions;
  readonly #board: StatusBoard;
  readonly #written = new Set<(written: Written) => void>();
  readonly #opened: Promise<{store: JournalStore; queue: WriteQueue}>;
  #compacting: Promise<void> | null = null;

  constructor(files: Files, options: LocalJournalOptions) {
    this.#files = files;
    this.#blobs = new Blobs(files.folder("blobs"));
    this.#options = options;
    this.#board = new StatusBoard(options.role);
    const {failure: message} = options;
    if (message !== undefined) this.#board.set({failure: {message, unwrittenBytes: 0}});
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

  async write(record: JournalRecord, origin: Origin): Promise<void> {
    const entry = rowsEntry(record, origin);
    const {queue} = await this.#opened;
    await queue.add(entry);
  }

  /** Nobody else writes here. */
  onForeign(): () => void {
    return () => {};
  }

  onDeleted(): () => void {
    return () => {};
  }

  onWritten(listener: (written: Written) => void): () => void {
    this.#written.add(listener);
    return () => this.#written.delete(listener);
  }

  /** What there is once everything that was asked before is done. */
  async parts(): Promise<SnapshotParts> {
    const {queue} = await this.#opened;
    return queue.inTurn(async () => queue.parts());
  }

  async snapshot(isLater?: (origin: Origin) => boolean): Promise<Snapshot> {
    const {store, queue} = await this.#opened;
    return queue.inTurn(() => store.snapshot(queue.parts(), isLater));
  }

  read(tables?: readonly TableName[]): AsyncIterable<TableStream> {
    return readAndClose(this.snapshot(), tables);
  }

  async readRun(runId: string): Promise<Uint8Array[]> {
    const {readRunStreams} = await import("./read.ts");
    return withSnapshot(this, (snapshot) => readRunStreams(snapshot, runId));
  }

  async readMetrics(runIds: readonly string[], keys: readonly string[]): Promise<Uint8Array | null> {
    const {readMetricStream} = await import("./read.ts");
    return withSnapshot(this, (snapshot) => readMetricStream(snapshot, runIds, keys));
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    await this.#opened;
    const sha256 = await this.#blobs.put(bytes);
    await this.#measureDisk();
    return sha256;
  }

  getBlob(sha256: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#blobs.get(sha256);
  }

  removeBlob(sha256: string): Promise<void> {
    return this.#blobs.remove(sha256);
  }

  async deleteRuns(runIds: readonly string[], tab = noOrigin.tab): Promise<void> {
    if (runIds.length === 0) return;
    const {queue} = await this.#opened;
    await queue.add(deletionEntry(runIds, tab));
    this.#compactSoon();
  }

  async compact(): Promise<void> {
    await this.#opened;
    // One that is under way may have begun before what this one is asked for.
    await this.#compacting?.catch(() => {});
    await this.#compact();
  }

  async exportArchive(): Promise<Blob> {
    const {exportArchive} = await import("./export-archive.ts");
    return exportArchive(this);
  }

  async importArchive(archive: Blob): Promise<{runs: number; sizeBytes: number}> {
    const {importArchive} = await import("./import-archive.ts");
    return importArchive(archive, this);
  }

  async persist(): Promise<boolean> {
    const persisted = (await this.#options.storage?.persist?.()) ?? false;
    await this.measure();
    return persisted;
  }

  async usage(): Promise<{runId: string; sizeBytes: number}[]> {
    const {usageOf} = await import("./usage.ts");
    return withSnapshot(this, usageOf);
  }

  async close(): Promise<void> {
    const {store, queue} = await this.#opened;
    await this.#compacting?.catch(() => {});
    await queue.close();
    store.close();
  }

  async #open() {
    const store = await this.#openStore();
    const queue = new WriteQueue({
      store,
      onWritten: (entries) => {
        const written = writtenOf(entries);
        for (const listener of [...this.#written]) listener(written);
        this.#board.set({sizeBytes: store.sizeBytes + this.#blobs.sizeBytes});
      },
      onSealed: () => this.#compactWhenItPays(store),
      onFailure: (failure) => this.#board.set({failure})
    });
    this.#board.set({repaired: store.repaired, sizeBytes: store.sizeBytes});
    void this.measure();
    // What a compaction that was cut off left behind, if it got as far as its manifest.
    void this.#removeBlobs(store.manifest.garbage).catch(() => {});
    this.#compactWhenItPays(store);
    return {store, queue};
  }

  async #openStore(): Promise<JournalStore> {
    try {
      return await JournalStore.open(this.#files, this.#options);
    } catch (error) {
      if (!this.#options.orMemory) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The files of the journal cannot be opened, so that nothing is kept on disk: ${reason}`;
      this.#board.set({role: "memory", failure: {message, unwrittenBytes: 0}});
      return JournalStore.open(new MemoryFiles(), this.#options);
    }
  }

  #compactWhenItPays(store: JournalStore): void {
    const logs = store.segments.filter(({kind}) => kind === "log");
    if (logs.length >= (this.#options.compactAfter ?? compactAfter)) this.#compactSoon();
  }

  /** In the background; what fails is tried again with the next segment. */
  #compactSoon(): void {
    if (this.#compacting) return;
    this.#compact().catch((error: unknown) => console.error("Petri could not compact its journal.", error));
  }

  #compact(): Promise<void> {
    const work = async () => {
      const [{store, queue}, {compact, shrink}] = await Promise.all([this.#opened, import("./compact.ts")]);
      try {
        await this.#removeBlobs(await compact(store, queue));
      } catch (error) {
        if (!isFull(error)) throw error;
        // There is no room for merging: what was deleted makes some.
        const {readArtifacts} = await import("./artifact-rows.ts");
        await this.#removeBlobs((await withSnapshot(this, readArtifacts)).garbage);
        await shrink(store, queue);
      }
      if (store.repaired !== this.status.repaired) this.#board.set({repaired: store.repaired});
      await queue.retry();
      await this.measure();
    };
    const done = work().finally(() => {
      if (this.#compacting === done) this.#compacting = null;
    });
    this.#compacting = done;
    return done;
  }

  /** Removes content that rows do not name any more, unless newer rows do. */
  async #removeBlobs(garbage: readonly string[]): Promise<void> {
    if (garbage.length === 0) return;
    const {readArtifacts} = await import("./artifact-rows.ts");
    const {merger} = await withSnapshot(this, readArtifacts);
    const used = new Set(merger.rows().map((row) => (row as Row<"artifacts">).sha256));
    for (const sha256 of garbage) if (!used.has(sha256)) await this.#blobs.remove(sha256);
  }

  async measure(): Promise<void> {
    await this.#opened;
    await this.#blobs.measure();
    await this.#measureDisk();
  }

  async #measureDisk(): Promise<void> {
    const {storage} = this.#options;
    const {store} = await this.#opened;
    const [estimate, persisted] = await Promise.all([
      storage?.estimate?.().catch(() => null),
      storage?.persisted?.().catch(() => null)
    ]);
    const {usage: usageBytes, quota: quotaBytes} = estimate ?? {};
    const quota = usageBytes === undefined || quotaBytes === undefined ? null : {usageBytes, quotaBytes};
    this.#board.set({
      sizeBytes: store.sizeBytes + this.#blobs.sizeBytes,
      quota,
      persisted: persisted ?? null
    });
  }
}

function writtenOf(entries: readonly Entry[]): Written {
  const written: Written = {records: [], deleted: []};
  for (const {kind, record, origin, about} of entries) {
    if (record) written.records.push({record, origin});
    const runIds = about.runs?.map(({runId}) => runId) ?? [];
    if (kind === "deletion") written.deleted.push({runIds, tab: origin.tab});
  }
  return written;
}
