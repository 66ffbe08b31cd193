import {TableChanges} from "./changes.ts";
import {DuckDBClient} from "./client.ts";
import type {Database} from "./database.ts";
import {EarlyTables} from "./early.ts";
import type {EngineOptions} from "./engine.ts";
import type {ImportedRows, ImportProgress, ImportReport} from "./import-types.ts";
import {advise} from "./journal/advice.ts";
import type {Journal} from "./journal/types.ts";
import type {Row, TableName} from "./schema.ts";
import {RunStore, type StoreOptions} from "./store.ts";

/** How far DuckDB is: it is loaded by the first query. */
export type EngineState =
  | {state: "idle"}
  | {state: "loading"; loadedBytes: number; totalBytes: number}
  | {state: "ready"}
  | {state: "failed"; error: Error};

export interface TablesOptions
  extends Omit<EngineOptions, "onProgress">,
    Pick<StoreOptions, "liveTabs" | "given"> {
  /** Opens the journal that keeps the runs; called when there is a first one, or a first query. */
  journal: () => Promise<Journal>;
  /** Told at every change. */
  onEngine?: (state: EngineState) => void;
}

/** The tables of a page: where runs go, and how cells ask about them. */
export class Tables {
  /** Where training sends its runs and rows. */
  readonly sink: RunStore;
  /** The builtin `db`: the run tables and what cells add to them. */
  readonly db: DuckDBClient;
  /** Answers of charts and lists that need not wait until all rows of `metrics` are in the database. */
  readonly early: EarlyTables;
  /** The builtin `DuckDBClient`: `of(sources)` gives a database of its own. */
  readonly DuckDBClient: typeof DuckDBClient & {
    of(sources?: Record<string, unknown>): Promise<DuckDBClient>;
    sql(sources?: Record<string, unknown>): Promise<DuckDBClient["sql"]>;
  };
  private readonly changes = new TableChanges();
  private readonly options: TablesOptions;
  private starting: Promise<Database> | null = null;
  private clients = 0;
  private isTrusted: boolean;

  constructor(options: TablesOptions) {
    this.options = options;
    this.isTrusted = options.trusted ?? true;
    const {journal, liveTabs, given} = options;
    const {locks} = globalThis.navigator ?? {};
    this.sink = new RunStore({changes: this.changes, journal, liveTabs, locks, given});
    this.db = new DuckDBClient(this.open);
    const {early} = this.sink;
    this.early = new EarlyTables(() => this.openWith(early.flush), early, this.db);
    const createClient = (sources?: Record<string, unknown>) => this.createClient(sources);
    this.DuckDBClient = class extends DuckDBClient {
      static of(sources?: Record<string, unknown>) {
        return createClient(sources);
      }
      static async sql(sources?: Record<string, unknown>) {
        return (await createClient(sources)).sql;
      }
    };
  }

  /** The revision of a run table: now, and after changes, at most four times a second. */
  tableChanges(name: string): AsyncIterable<number> {
    return this.changes.watch(name);
  }

  /** Starts DuckDB and fills it, for somebody who is going to ask. */
  preload(): void {
    // Who asks is told what went wrong.
    this.open().catch(() => {});
  }

  /** Adds rows to a table of the store, or replaces those with the same key. */
  write<T extends TableName>(table: T, rows: readonly Row<T>[]): void {
    this.sink.write(table, rows);
  }

  /** Takes in runs from elsewhere; those that are here already are left out. */
  importRows(
    chunks: AsyncIterable<ImportedRows>,
    onProgress?: (progress: ImportProgress) => void
  ): Promise<ImportReport> {
    return this.sink.importRows(chunks, onProgress);
  }

  /**
   * Whether SQL may reach files, addresses, extensions and settings: for notebooks of the reader's own. A change ends
   * DuckDB, which starts again with the next query; tables that cells made are then gone.
   */
  trust(isTrusted: boolean): void {
    if (isTrusted === this.isTrusted) return;
    this.isTrusted = isTrusted;
    void this.dispose();
  }

  /** Ends DuckDB; the next query starts it again. */
  async dispose(): Promise<void> {
    const starting = this.starting;
    this.starting = null;
    await (await starting)?.dispose();
  }

  private readonly open = () => this.openWith(() => this.sink.flush());

  /** The database, once `flush` has given it what it is to have. */
  private async openWith(flush: () => Promise<void>): Promise<Database> {
    const {database, error} = await this.flushed(flush);
    if (!database.lost) {
      if (error) throw error;
      return database;
    }
    // It ended before, or only now: what was to be written is written into the next one.
    const next = await this.flushed(flush);
    if (next.error) throw next.error;
    return next.database;
  }

  /** The database with all that was recorded in it, or why that failed. */
  private async flushed(flush: () => Promise<void>): Promise<{database: Database; error?: unknown}> {
    const starting = this.start();
    const database = await starting;
    try {
      if (!database.lost) await flush();
      return {database};
    } catch (error) {
      return {database, error: advise(error)};
    } finally {
      if (database.lost && this.starting === starting) this.starting = null;
    }
  }

  private start(): Promise<Database> {
    this.starting ??= this.boot().catch((error) => {
      this.starting = null;
      this.sink.abandon();
      this.options.onEngine?.({state: "failed", error});
      throw error;
    });
    return this.starting;
  }

  private async boot(): Promise<Database> {
    const {onEngine, journal: _, liveTabs: __, given: ___, ...options} = this.options;
    onEngine?.({state: "loading", loadedBytes: 0, totalBytes: 0});
    this.sink.prepare();
    const [{Database}, {DatabaseWriter}] = await Promise.all([
      import("./database.ts"),
      import("./run-writer.ts")
    ]);
    const database = await Database.start({
      ...options,
      trusted: this.isTrusted,
      onProgress: (loadedBytes, totalBytes) => onEngine?.({state: "loading", loadedBytes, totalBytes})
    });
    this.sink.attach(await DatabaseWriter.create(database));
    onEngine?.({state: "ready"});
    return database;
  }

  /** A client with a catalog of its own, in the same engine; it goes when nobody holds the client any more. */
  private async createClient(sources: Record<string, unknown> = {}): Promise<DuckDBClient> {
    const catalog = `client_${++this.clients}`;
    const [database, {insertSource}] = await Promise.all([this.open(), import("./sources.ts")]);
    const run = (sql: string) => this.db.query(sql);
    await run(`ATTACH ':memory:' AS ${catalog}`);
    await Promise.all(
      Object.entries(sources).map(([name, source]) => insertSource(database, name, source, catalog))
    );
    // The client and its copies for other signals hold this function, and nothing else does.
    const open = () => this.open();
    abandoned.register(open, () => run(`DETACH ${catalog}`));
    return new this.DuckDBClient(open, {catalog});
  }
}

const abandoned = new FinalizationRegistry<() => Promise<unknown>>((detach) => {
  // Still in use by a query whose client was dropped: it stays until the page goes.
  detach().catch(() => {});
});
