import type {AsyncDuckDB, AsyncDuckDBConnection} from "@duckdb/duckdb-wasm";
import {type RecordBatch, type Schema, Table} from "apache-arrow";
import {type EngineOptions, startEngine} from "./engine.ts";
import {enumWords} from "./enums.ts";
import {EngineError, SqlError} from "./errors.ts";
import {identifier} from "./literal.ts";
import {narrow} from "./narrow.ts";
import {toSqlError} from "./sql-error.ts";
import {SqlText} from "./sql-text.ts";
import {command} from "./statements.ts";
import {ViewTables} from "./view-tables.ts";

export interface QueryOptions {
  /** Cancels the statement. */
  signal?: AbortSignal;
  /** The attached database in which names are looked up; the store's own when absent. */
  catalog?: string;
}

/** What a wasm module says when it is broken; an engine that said it cannot be trusted any more. */
const trap =
  /table index is out of bounds|function signature mismatch|memory access out of bounds|unreachable|RuntimeError/;

/** Whether a result may be DuckDB's answer to a statement that yields no rows. */
const isTally = ({fields}: Schema) => fields.length === 1 && /^(Count|Success)$/.test(fields[0].name);

/** DuckDB at work: statements, streams and inserts. Every statement has a connection of its own. */
export class Database {
  private readonly engine: AsyncDuckDB;
  /** The rows of queries that are looked at window by window. */
  readonly views = new ViewTables(this);
  /** Set when the engine broke; the database is then gone. */
  lost: EngineError | null = null;

  private constructor(engine: AsyncDuckDB) {
    this.engine = engine;
  }

  static async start(options: EngineOptions): Promise<Database> {
    return new Database(await startEngine(options));
  }

  /** A connection in a catalog, for a caller that closes it. */
  async connect(catalog?: string): Promise<AsyncDuckDBConnection> {
    if (this.lost) throw this.lost;
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

  private async send(sql: SqlText, lazily: boolean, {signal, catalog}: QueryOptions) {
    signal?.throwIfAborted();
    const connection = await this.connect(catalog);
    const cancel = () => void connection.cancelSent();
    const close = async () => {
      signal?.removeEventListener("abort", cancel);
      if (!this.lost) await connection.close();
    };
    const fail = (error: unknown) => {
      if (signal?.aborted) return signal.reason;
      return this.explain(error, sql);
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
        try {
          for await (const batch of reader) {
            signal?.throwIfAborted();
            if (batch.numRows > 0) yield complete(batch);
          }
        } catch (error) {
          throw fail(error);
        } finally {
          await close();
        }
      })();
      return {schema, batches};
    } catch (error) {
      const failure = fail(error);
      await close();
      throw failure;
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
      if (!this.lost) await connection.close();
    }
  }

  /** Lets `use` read bytes (which are used up) as a file of this name. */
  async withFile<T>(name: string, bytes: Uint8Array, use: () => Promise<T>): Promise<T> {
    await this.engine.registerFileBuffer(name, bytes);
    try {
      return await use();
    } finally {
      if (!this.lost) await this.engine.dropFile(name);
    }
  }

  /** An error of DuckDB as ours; ends the engine when it means that it broke. */
  explain(error: unknown, sql = new SqlText([])): Error {
    if (error instanceof SqlError || error instanceof EngineError) return error;
    return this.broke(error) ?? toSqlError(error, sql);
  }

  /** Whether an error means that the engine broke; it is then ended. */
  private broke(error: unknown): EngineError | null {
    const message = error instanceof Error ? error.message : String(error);
    if (!trap.test(message)) return null;
    this.lost = new EngineError(
      `DuckDB broke (${message}) and starts again with the next query; tables that cells made are gone.`,
      {
        cause: error
      }
    );
    void this.dispose();
    return this.lost;
  }

  dispose(): Promise<void> {
    return this.engine.terminate();
  }
}
