import {abortable} from "./abortable.ts";
import {DuckDBClient, type OpenDatabase} from "./client.ts";
import type {Database, QueryOptions} from "./database.ts";
import {ident, type SqlFragment, type SqlText, sqlQuery} from "./sql-text.ts";

/** Copies of rows lie in a catalog of their own, where no name of a cell is. */
const catalog = "__early";

/** What the store has for those who do not wait until all rows are in the database. */
export interface EarlyRows {
  /** Whether all of them are. */
  isFull(): boolean;
  /** How often the database was emptied, to be filled anew. */
  emptied(): number;
  /** Resolves when all that was recorded is in the database, but for rows of `metrics`. */
  flush(): Promise<void>;
  /** Makes the filling of the database wait until `work` is over. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** The rows of some metrics of some runs, from the journal; null when all of them are to be waited for. */
  read(runIds: readonly string[], keys: readonly string[]): Promise<Uint8Array | null>;
}

/** Some metrics of some runs. */
export interface MetricChoice {
  runIds: readonly string[];
  keys: readonly string[];
  signal?: AbortSignal;
}

/** Asks a relation that has the rows of a choice and the columns of `metrics`. */
type AskMetrics<T> = (db: DuckDBClient, metrics: SqlFragment) => Promise<T>;

/** Asks while rows of `metrics` are still to come: for statements that do not read them. */
class EarlyClient extends DuckDBClient {
  readonly #rows: EarlyRows;

  constructor(open: OpenDatabase, rows: EarlyRows, options: QueryOptions = {}) {
    super(open, options);
    this.#rows = rows;
  }

  override withSignal(signal: AbortSignal): DuckDBClient {
    return new EarlyClient(this.open, this.#rows, {...this.options, signal});
  }

  protected override async run<T>(sql: SqlText, work: (database: Database) => Promise<T>): Promise<T> {
    while (true) {
      const emptied = this.#rows.emptied();
      const answer = await super.run(sql, (database) => this.#rows.hold(() => work(database)));
      // Else it may have been asked while its tables were empty.
      if (this.#rows.emptied() === emptied) return answer;
    }
  }
}

/**
 * Answers while the database is still being filled, which takes seconds with millions of rows: what the small tables say,
 * and of metrics the rows of a few runs, which the journal gives at once. The answers are those of the full database: the
 * same SQL runs over the same rows.
 */
export class EarlyTables {
  /** For statements that do not read `metrics`, nor what is made of it. */
  readonly db: DuckDBClient;
  readonly #all: DuckDBClient;
  readonly #open: OpenDatabase;
  readonly #rows: EarlyRows;
  #copies = 0;

  /** `open` gives the database once it has all but rows of `metrics`; `all` asks when it has those too. */
  constructor(open: OpenDatabase, rows: EarlyRows, all: DuckDBClient) {
    this.#open = open;
    this.#rows = rows;
    this.#all = all;
    this.db = new EarlyClient(open, rows);
  }

  /**
   * Asks about the rows of a choice: a copy of them while others are still to come, else the table itself. Where that
   * fails it is asked once more, when all rows are there. @throws what `ask` does, or the signal's reason.
   */
  async withMetrics<T>(choice: MetricChoice, ask: AskMetrics<T>): Promise<T> {
    const {signal} = choice;
    try {
      const early = await this.#askCopy(choice, ask);
      if (early) return early.answer;
    } catch {
      // Whatever stands in its way, as an engine that was lost with the copy, is told by the other.
      signal?.throwIfAborted();
    }
    return ask(signal ? this.#all.withSignal(signal) : this.#all, ident("metrics"));
  }

  async #askCopy<T>(choice: MetricChoice, ask: AskMetrics<T>): Promise<{answer: T} | null> {
    const {runIds, keys, signal} = choice;
    const database = await abortable(this.#open(), signal);
    if (this.#rows.isFull()) return null;
    const ipc = await abortable(this.#rows.read(runIds, keys), signal);
    if (!ipc || this.#rows.isFull()) return null;
    const name = `rows${++this.#copies}`;
    return this.#rows.hold(async () => {
      await database.query(sqlQuery(`ATTACH IF NOT EXISTS ':memory:' AS ${catalog}`));
      await database.insert(name, ipc, catalog);
      try {
        const db = new DuckDBClient(async () => database, {signal});
        return {answer: await ask(db, ident(catalog, name))};
      } finally {
        // A database that was lost took it along.
        database.query(sqlQuery(`DROP TABLE ${catalog}.${name}`)).catch(() => {});
      }
    });
  }
}
