import type {Table} from "apache-arrow";
import {abortable} from "./abortable.ts";
import type {OpenDatabase} from "./client.ts";
import type {QueryOptions} from "./database.ts";
import {InterruptedError} from "./errors.ts";
import type {SqlText} from "./sql-text.ts";
import type {ViewTable} from "./view-table.ts";
import type {ViewOptions, ViewTables} from "./view-tables.ts";
import type {ColumnSummary, Filter, TableView, ViewColumn, Window} from "./view-types.ts";

/** Most rows that a view keeps. */
const keepRows = 10_000_000;

interface Made {
  table: ViewTable;
  tables: ViewTables;
}

/**
 * A query whose rows are kept in the database. When they had to make room there, or the database started again, the
 * query runs again at the next question; `rowCount` is then that of the new rows.
 */
export class QueryView implements TableView {
  readonly #open: OpenDatabase;
  readonly #sql: SqlText;
  readonly #options: ViewOptions;
  #made: Made;
  #making: Promise<Made> | null = null;

  private constructor(open: OpenDatabase, sql: SqlText, options: ViewOptions, made: Made) {
    this.#open = open;
    this.#sql = sql;
    this.#options = options;
    this.#made = made;
  }

  /** Runs the query. @throws ParameterError, SqlError, or the signal's reason when it was cancelled. */
  static async create(open: OpenDatabase, sql: SqlText, options: QueryOptions): Promise<QueryView> {
    const {signal} = options;
    const all: ViewOptions = {keepRows, ...options};
    const made = await make(open, sql, all);
    const view = new QueryView(open, sql, {...all, signal: undefined}, made);
    signal?.addEventListener("abort", () => made.tables.abandon(made.table));
    if (signal?.aborted) made.tables.abandon(made.table);
    forgotten.register(view, made);
    return view;
  }

  get columns(): readonly ViewColumn[] {
    return this.#made.table.columns;
  }

  get rowCount(): number {
    return this.#made.table.rowCount;
  }

  get truncated(): boolean {
    return this.#made.table.truncated;
  }

  count(where: readonly Filter[], signal?: AbortSignal): Promise<number> {
    return this.#read(signal, (table) => table.count(where, signal));
  }

  window(window: Window, signal?: AbortSignal): Promise<Table> {
    return this.#read(signal, (table) => table.window(window, signal));
  }

  summarize(column: string, where?: readonly Filter[], signal?: AbortSignal): Promise<ColumnSummary> {
    return this.#read(signal, (table) => table.summarize(column, where, signal));
  }

  toArrow(window: Omit<Window, "offset" | "limit"> = {}, signal?: AbortSignal): Promise<Table> {
    return this.#read(signal, (table) => table.toArrow(window, signal));
  }

  /** Frees its rows. Who asks again gets them again. */
  dispose(): void {
    this.#made.tables.drop(this.#made.table);
  }

  /** Asks the table; once more, of the next database, when that was interrupted. */
  async #read<T>(signal: AbortSignal | undefined, ask: (table: ViewTable) => Promise<T>): Promise<T> {
    try {
      return await ask(await this.#table(signal));
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      return ask(await this.#table(signal));
    }
  }

  async #table(signal: AbortSignal | undefined): Promise<ViewTable> {
    signal?.throwIfAborted();
    const {table, tables} = this.#made;
    if (table.isThere) {
      tables.use(table);
      return table;
    }
    this.#making ??= this.#makeAgain().finally(() => {
      this.#making = null;
    });
    return (await abortable(this.#making, signal)).table;
  }

  async #makeAgain(): Promise<Made> {
    const made = await make(this.#open, this.#sql, this.#options);
    this.#made = made;
    forgotten.register(this, made);
    return made;
  }
}

async function make(open: OpenDatabase, sql: SqlText, options: ViewOptions): Promise<Made> {
  const {views} = await abortable(open(), options.signal);
  return {tables: views, table: await views.make(sql, options)};
}

/** Views that nobody holds any more leave their rows. */
const forgotten = new FinalizationRegistry<Made>(({tables, table}) => tables.drop(table));
