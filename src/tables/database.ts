import type {AsyncDuckDBConnection} from "@duckdb/duckdb-wasm";
import {type RecordBatch, type Schema, Table} from "apache-arrow";
import {abortable} from "./abortable.ts";
import {type EngineOptions, givenFiles, startEngine} from "./engine.ts";
import {enumWords} from "./enums.ts";
import {EngineError, SqlError} from "./errors.ts";
import {identifier} from "./literal.ts";
import {narrow} from "./narrow.ts";
import {toSqlError} from "./sql-error.ts";
import {SqlText} from "./sql-text.ts";
import {command} from "./statements.ts";
import {ViewTables} from "./view-tables.ts";
import type {WatchedDuckDB} from "./watched.ts";

export interface QueryOptions {
  /** Cancels the statement. */
  signal?: AbortSignal;
  /** The attached database in which names are looked up; the store's own when absent. */
  catalog?: string;
}

/** Whether a result may be DuckDB's answer to a statement that yields no rows. */
const isTally = ({fields}: Schema) => fields.length === 1 && /^(Count|Success)$/.test(fields[0].name);

/** DuckDB at work: statements, streams and inserts. Every statement has a connection of its own. */
export class Database {
  private readonly engine: WatchedDuckDB;
  /** The rows of queries that are looked at window by window. */
  readonly views = new ViewTables(this);

  private constructor(engine: WatchedDuckDB) {
    this.engine = engine;
  }

  static async start(options: EngineOptions): Promise<Database> {
    return new Database(await startEngine(options));
  }

  /** Set when the engine broke, or was ended; the database is then gone. */
  get lost(): EngineError | null {
    return this.engine.lost;
  }

  /** A connection in a catalog, for a caller that closes it. */
  async connect(catalog?: string): Promise<AsyncDuckDBConnection> {
    const connection = await this.engine.connect();
    if (catalog) await connection.query(`USE ${identifier(catalog)}`);
    return connection;
  }

  /**
   * Runs SQL and returns what its last statement yields, with values as `narrow` gives them. For a statement without
   * rows that is a count of the rows it changed; the metadata `statement` of the schema is then its verb.
   * @throws SqlError, or the signal's reason when it was cancelled.
   */
  async query(sql: SqlText, options: QueryOptions = {}): Promise<Table> {
    const {schema, batches} = await this.send(sql, false, options);
    const all: RecordBatch[] = [];
    for await (const batch of batches) all.push(batch);
    const table = narrow(new Table(schema, all));
    const verb = isTally(schema) ? command(sql.text) : null;
    if (verb) table.schema.metadata.set("statement", verb);
    return table;
  }

  /** What a query yields if that is no more than `mostRows`; null, and it is cancelled, when there are more. */
  async head(sql: SqlText, mostRows: number, options: QueryOptions = {}): Promise<Table | null> {
    const {schema, batches} = await this.send(sql, true, options);
    const all: RecordBatch[] = [];
    let rows = 0;
    for await (const batch of batches) {
      rows += batch.numRows;
      if (rows > mostRows) return null;
      all.push(batch);
    }
    return narrow(new Table(schema, all));
  }

  /** Runs SQL and yields the result as it is made. Reading to the end, or returning, frees the connection. */
  async stream(
    sql: SqlText,
    options: QueryOptions = {}
  ): Promise<{schema: Schema; batches: AsyncGenerator<Table>}> {
    const {schema, batches} = await this.send(sql, true, options);
    const tables = (async function* () {
      for await (const batch of batches) yield narrow(new Table(schema, [batch]));
    })();
    return {schema, batches: tables};
  }

  /** Cancelling is answered at once; the statement ends, and its connection closes, within its next slice. */
  private async send(sql: SqlText, lazily: boolean, options: QueryOptions) {
    const {signal} = options;
    signal?.throwIfAborted();
    const sent = this.begin(sql, lazily, options);
    sent.then(
      ({close}) => void (signal?.aborted && close(false)),
      () => {}
    );
    const {schema, batches, close} = await abortable(sent, signal);
    const iterator = batches[Symbol.asyncIterator]();
    let next: Promise<IteratorResult<RecordBatch>> | null = null;
    let isRead = false;
    const failed = (error: unknown) => (signal?.aborted ? signal.reason : this.explain(error, sql));
    const read = (async function* () {
      try {
        while (true) {
          next = iterator.next();
          const {done, value} = await abortable(next, signal);
          next = null;
          isRead = done === true;
          if (isRead) return;
          if (value.numRows > 0) yield value;
        }
      } catch (error) {
        throw failed(error);
      } finally {
        // A connection must not go while it is asked for more.
        const leave = () => close(isRead);
        if (next) next.then(leave, leave);
        else leave();
      }
    })();
    return {schema, batches: read};
  }

  private async begin(sql: SqlText, lazily: boolean, {signal, catalog}: QueryOptions) {
    const connection = await this.connect(catalog);
    const cancel = () => this.engine.stop(connection);
    const close = async (isFinished: boolean) => {
      signal?.removeEventListener("abort", cancel);
      // A statement that was left would keep its transaction, and what it made, even without its connection.
      if (!isFinished) await connection.query("ROLLBACK").catch(() => {});
      // An engine that was lost meanwhile took its connections with it.
      await connection.close().catch(() => {});
    };
    signal?.addEventListener("abort", cancel);
    try {
      signal?.throwIfAborted();
      const {text} = sql;
      const reader = await connection.send(text, lazily);
      await reader.open();
      const schema = reader.schema as Schema;
      const complete = await enumWords(schema, text, (sql) => this.describe(sql, catalog));
      const batches = (async function* () {
        for await (const batch of reader) yield complete(batch);
      })();
      return {schema, batches, close};
    } catch (error) {
      void close(!signal?.aborted);
      throw signal?.aborted ? signal.reason : this.explain(error, sql);
    }
  }

  private async describe(sql: string, catalog?: string): Promise<Table> {
    const connection = await this.connect(catalog);
    try {
      return await connection.query(sql);
    } finally {
      await connection.close();
    }
  }

  /** Makes a table of an Arrow IPC stream, which is used up. */
  async insert(name: string, ipc: Uint8Array, catalog?: string): Promise<void> {
    const connection = await this.connect(catalog);
    try {
      await connection.insertArrowFromIPCStream(ipc, {name, create: true});
    } catch (error) {
      throw this.explain(error);
    } finally {
      connection.close().catch(() => {});
    }
  }

  /** Lets `use` read bytes (which are used up) as a file, whose path it is given. */
  async withFile<T>(name: string, bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
    const path = `${givenFiles}${name}`;
    await this.engine.registerFileBuffer(path, bytes);
    try {
      return await use(path);
    } finally {
      if (!this.lost) await this.engine.dropFile(path);
    }
  }

  /** An error of DuckDB as ours. */
  explain(error: unknown, sql = new SqlText([])): Error {
    return error instanceof SqlError || error instanceof EngineError ? error : toSqlError(error, sql);
  }

  dispose(): Promise<void> {
    return this.engine.terminate();
  }
}
