import {breathe} from "../breathe.ts";
import {isFull} from "./errors.ts";
import type {JournalStore} from "./journal-store.ts";
import type {Entry} from "./log.ts";
import type {SnapshotParts} from "./snapshot.ts";
import type {JournalStatus} from "./types.ts";

/** A full disk is tried again after so long, and whenever something was removed. */
const retryMs = 10_000;

interface Waiting {
  entry: Entry;
  resolve(): void;
}

export interface WriteQueueOptions {
  store: JournalStore;
  /** Records that are on disk now, or kept in memory; those that had been written before are not among them. */
  onWritten(entries: readonly Entry[]): void;
  /** A segment is full, and the next begun. */
  onSealed(): void;
  onFailure(failure: JournalStatus["failure"]): void;
}

function why(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return isFull(error)
    ? `The disk is full, or the browser grants no more of it: ${reason}`
    : `The disk refuses: ${reason}`;
}

/**
 * Writes records one flush for all that wait. While the disk refuses they are kept in memory, in order, and written
 * when it takes them again.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  /** Records that share the next flush. */
  #batch: Waiting[] | null = null;
  /** What the disk did not take. */
  #kept: Entry[] = [];
  /** The last of a tab's records that is kept. */
  readonly #keptMarks = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #retry: ReturnType<typeof setTimeout> | null = null;
  #isClosed = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Resolves when the record is on disk, or kept in memory. */
  add(entry: Entry): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#batch) {
        const batch: Waiting[] = [];
        void this.inTurn(() => this.#drain(batch));
        this.#batch = batch;
      }
      this.#batch.push({entry, resolve});
    });
  }

  /** What there is, with what is only in memory. To be called in turn. */
  parts(): SnapshotParts {
    return this.#options.store.parts(this.#kept);
  }

  /** Runs one piece of work at a time, after everything that was asked before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    // What is added from now on comes after this work.
    this.#batch = null;
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Tries the disk again, if it refused. */
  retry(): Promise<void> {
    return this.inTurn(async () => this.#write([]));
  }

  async close(): Promise<void> {
    await this.inTurn(async () => this.#write([]));
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  async #drain(batch: Waiting[]): Promise<void> {
    // Records that were sent together arrive one by one: they share a flush.
    await breathe();
    const {store} = this.#options;
    if (this.#batch === batch) this.#batch = null;
    const fresh = batch.map(({entry}) => entry).filter((entry) => this.#isNew(entry));
    this.#write(fresh);
    this.#options.onWritten(fresh);
    for (const {resolve} of batch) resolve();
    if (!store.isFull) return;
    try {
      await store.seal();
      this.#options.onSealed();
    } catch {
      // There is no room for another file: the one there is goes on growing.
    }
  }

  /** A record that is sent again, since nobody said that it arrived, may have been written all the same. */
  #isNew({origin: {tab, number}}: Entry): boolean {
    if (number === 0) return true;
    return number > Math.max(this.#options.store.mark(tab), this.#keptMarks.get(tab) ?? 0);
  }

  #write(fresh: readonly Entry[]): void {
    const all = [...this.#kept, ...fresh];
    if (all.length === 0) return;
    try {
      this.#options.store.append(all);
    } catch (error) {
      this.#kept = all;
      for (const {origin} of fresh) this.#keptMarks.set(origin.tab, origin.number);
      this.#fail(error);
      return;
    }
    if (this.#kept.length === 0) return;
    this.#kept = [];
    this.#options.onFailure(null);
  }

  #fail(error: unknown): void {
    const unwrittenBytes = this.#kept.reduce((sum, {content}) => sum + content.length, 0);
    this.#options.onFailure({message: why(error), unwrittenBytes});
    if (this.#retry !== null || this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      void this.retry();
    }, retryMs);
  }
}
