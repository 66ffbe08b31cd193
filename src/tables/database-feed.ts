import type {Journal, JournalRecord} from "./journal/types.ts";
import {readAhead} from "./read-ahead.ts";
import type {RunWriter} from "./run-writer-types.ts";
import type {Row, RunRow, TableName} from "./schema.ts";
import {inKind, isDeletion, type Step} from "./steps.ts";

/** Bytes that may wait for a database to be asked. */
const mostPendingBytes = 16 * 2 ** 20;

export interface FeedOptions {
  /** The journal, once the store knows what is in it. */
  journal(): Promise<Journal>;
  /** What is known of a run now. */
  run(runId: string): RunRow | undefined;
  /** The runs of this page: of these the store knows more than the journal. */
  own(): Iterable<string>;
  /** Rows that the program brings with it. */
  given?(): Promise<{[T in TableName]?: readonly Row<T>[]}>;
  /** Called before rows are written, for what has to be noted first. */
  beforeWrite(): Promise<void>;
}

/**
 * Fills a database from the journal, and tells it what is new. The small tables come first: who asks only those need not
 * wait for the rows of `metrics`, of which there may be millions.
 */
export class DatabaseFeed {
  readonly #options: FeedOptions;
  #writer: RunWriter | null = null;
  /** Whether the writer has what the journal had when it was read; what came since is pending. */
  #loaded = false;
  /** Whether it lacks nothing of that but rows of `metrics`. */
  #hasTables = false;
  /** Whether a reading of the journal was cut off, so that the writer has some of its rows. */
  #isPartial = false;
  #emptied = 0;
  #pending: Step[] | null = null;
  #pendingBytes = 0;
  #reading: Promise<ReturnType<Journal["read"]>> | null = null;
  #changedRuns = new Set<string>();
  #flushing: Promise<void> = Promise.resolve();
  /** Those who wait for all but rows of `metrics`. */
  #early: (() => void)[] = [];
  /** Those who ask meanwhile. */
  readonly #holds = new Set<Promise<void>>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Whether the database has all rows of the journal, or there is none. */
  get isFull(): boolean {
    return this.#loaded || !this.#writer;
  }

  /** How often the database was emptied, to be filled anew. */
  get emptied(): number {
    return this.#emptied;
  }

  /** Notes that a run is another than the journal has told. */
  changed(runId: string): void {
    this.#changedRuns.add(runId);
  }

  /** Begins to read for a database that is being started: neither waits for the other. */
  prepare(): void {
    this.#reading ??= this.#read();
    this.#reading.catch(() => {});
  }

  /** The database did not start: nothing is read for it, and no rows wait for it. */
  abandon(): void {
    const reading = this.#reading;
    this.#reading = null;
    this.#pending = null;
    reading?.then((streams) => streams[Symbol.asyncIterator]().return?.()).catch(() => {});
  }

  /** Sends rows to this database from now on; it gets everything that is kept first. */
  attach(writer: RunWriter): void {
    this.#writer = writer;
    this.#loaded = false;
    this.#hasTables = false;
    this.#isPartial = false;
    this.#flushing = Promise.resolve();
  }

  /** Has the database filled again, from the journal as it is at the next flush. */
  async restart(): Promise<void> {
    this.#flushing = this.#flushing
      .catch(() => {})
      .then(async () => {
        if (this.#loaded && this.#writer) await this.#clear(this.#writer);
        this.#loaded = false;
      });
    await this.#flushing;
  }

  /** A record is on its way to the journal, or came from another tab. */
  take(record: JournalRecord): void {
    this.#pending?.push(record);
    this.#pendingBytes += record.ipc.length;
    if (this.#loaded && this.#pendingBytes > mostPendingBytes) this.#flushAhead();
  }

  forget(runIds: readonly string[]): void {
    for (const id of runIds) this.#changedRuns.delete(id);
    this.#pending?.push({deleted: runIds});
  }

  /** Resolves when all that was recorded before the call is in the database; at once when there is none. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#flush());
    return this.#flushing;
  }

  /** As `flush`, but `metrics` may still lack rows that the journal had before; then it goes on getting them. */
  flushTables(): Promise<void> {
    const all = this.flush();
    if (this.isFull) return all;
    const tables = new Promise<void>((resolve, reject) => {
      this.#early.push(resolve);
      all.then(resolve, reject);
    });
    const isNew = this.#changedRuns.size > 0 || (this.#pending?.length ?? 0) > 0;
    return this.#hasTables && !isNew ? Promise.resolve() : tables;
  }

  /** Makes filling wait until `work` is over: every step of it would queue behind rows of `metrics` otherwise. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    const settled = done.then(
      () => {},
      () => {}
    );
    this.#holds.add(settled);
    try {
      return await done;
    } finally {
      this.#holds.delete(settled);
    }
  }

  async #flush(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    try {
      await this.#flushTo(writer);
    } catch (error) {
      // A statement that got at the tables must not stop every query after it.
      if (!(await writer.mend().catch(() => false))) throw error;
      this.#emptied++;
      this.#loaded = false;
      await this.#flushTo(writer);
    }
  }

  async #flushTo(writer: RunWriter): Promise<void> {
    for (let attempt = 1; !this.#loaded; attempt++) {
      try {
        await this.#fill(writer);
      } catch (error) {
        // Another tab compacted the journal under the reader.
        if ((error as Error)?.name !== "JournalError" || attempt === 3) throw error;
      }
    }
    await this.#writePending(writer);
  }

  async #writePending(writer: RunWriter): Promise<void> {
    await this.#options.beforeWrite();
    const {encodeRows} = await import("./encode-rows.ts");
    const [pending, changed] = [this.#pending ?? [], this.#changedRuns];
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#changedRuns = new Set();
    const rows = [...changed].flatMap((id) => this.#options.run(id) ?? []);
    const last: Step[] = rows.length > 0 ? [{table: "runs", ipc: encodeRows("runs", rows)}] : [];
    let done = 0;
    try {
      for (const steps of inKind([...pending, ...last])) {
        if (isDeletion(steps)) await writer.deleteRuns(steps.flatMap(({deleted}) => deleted));
        else await writer.write(steps as JournalRecord[]);
        done += steps.length;
      }
    } catch (error) {
      // Nothing is lost: what was not taken in waits for the next flush, or for the next database.
      for (const id of changed) this.#changedRuns.add(id);
      this.#pending = [...pending.slice(done), ...(this.#pending ?? [])];
      throw error;
    }
  }

  /** Begins to read all of the journal, which then is on its way before it is asked for. */
  async #read(): Promise<ReturnType<Journal["read"]>> {
    const journal = await this.#options.journal();
    // What comes after this is not in what is read.
    this.#pending = [];
    this.#pendingBytes = 0;
    return readAhead(journal.read());
  }

  /** Gives a database all of the journal. */
  async #fill(writer: RunWriter): Promise<void> {
    const reading = this.#reading ?? this.#read();
    this.#reading = null;
    this.#hasTables = false;
    const streams = await reading;
    // Rows of metrics have no key: those that are there would be there twice.
    if (this.#isPartial) await this.#clear(writer);
    this.#isPartial = true;
    for await (const {table, ipc} of streams) {
      while (this.#holds.size > 0) await Promise.all(this.#holds);
      await writer.load(table, ipc);
      // What follows are rows of `metrics`.
      if (table === "latest_metrics") await this.#completeTables(writer);
      if (this.#hasTables) await this.#serveEarly(writer);
    }
    if (!this.#hasTables) await this.#completeTables(writer);
    this.#isPartial = false;
    this.#loaded = true;
    this.#early = [];
  }

  async #completeTables(writer: RunWriter): Promise<void> {
    await writer.loaded();
    for (const id of this.#options.own()) this.#changedRuns.add(id);
    const {encodeRows} = await import("./encode-rows.ts");
    const given = Object.entries((await this.#options.given?.()) ?? {}) as [TableName, Row<TableName>[]][];
    await writer.write(given.map(([table, rows]) => ({table, ipc: encodeRows(table, rows)})));
    this.#hasTables = true;
  }

  /** Lets those go on who need no rows of `metrics` that are still to come. */
  async #serveEarly(writer: RunWriter): Promise<void> {
    // Rows of a run that was deleted may be among those to come: it is deleted after them.
    if (this.#early.length === 0 || this.#pending?.some((step) => isDeletion([step]))) return;
    const waiting = this.#early;
    this.#early = [];
    await this.#writePending(writer);
    for (const resolve of waiting) resolve();
  }

  async #clear(writer: RunWriter): Promise<void> {
    this.#emptied++;
    await writer.clear();
  }

  /** Nobody asks while a run goes on for hours: its rows must not all wait in memory for who does. */
  #flushAhead(): void {
    this.#pendingBytes = 0;
    this.flush().catch(() => {
      // Whoever asks next is told why; the database then reads the journal again.
      this.#loaded = false;
      this.#isPartial = true;
      this.#pending = null;
    });
  }
}
