import type {Table} from "apache-arrow";
import {abortable} from "./abortable.ts";
import type {Database, QueryOptions} from "./database.ts";
import {InterruptedError} from "./errors.ts";
import {guardFiles, guardStore, guardThreads} from "./guard.ts";
import {identifier} from "./literal.ts";
import {fragment, ident, type SqlText, sqlQuery, sqlTemplate} from "./sql-text.ts";
import {isQuery, readsOnly, statements} from "./statements.ts";
import type {TableView} from "./view-types.ts";

/** Results of at most so many rows are handed over whole; of larger ones that are only looked at, the page gets windows. */
const mostShownWhole = 10_000;

/** Gives the database, with all that was recorded so far in it; starts it at the first call. */
export type OpenDatabase = () => Promise<Database>;

export interface TableDescription {
  name: string;
}

export interface ColumnDescription {
  name: string;
  type:
    | "string"
    | "integer"
    | "number"
    | "bigint"
    | "boolean"
    | "date"
    | "buffer"
    | "array"
    | "object"
    | "other";
  nullable: boolean;
  /** DuckDB's own name of the type. */
  databaseType: string;
}

const typePatterns: [RegExp, ColumnDescription["type"]][] = [
  [/\]$/, "array"],
  [/^(STRUCT|MAP|UNION)/, "object"],
  [/^(BIGINT|HUGEINT|UBIGINT|UHUGEINT)$/, "bigint"],
  [/^(DOUBLE|REAL|FLOAT|DECIMAL)/, "number"],
  [/INT(EGER)?$/, "integer"],
  [/^BOOLEAN$/, "boolean"],
  [/^(DATE|TIMESTAMP)/, "date"],
  [/^(VARCHAR|UUID|ENUM)/, "string"],
  [/^BLOB$/, "buffer"]
];

/** Asks a database, in the manner of Observable's DuckDBClient. Values are bound, never pasted into SQL. */
export class DuckDBClient {
  readonly dialect = "duckdb";
  /** A part of a statement with its own values, to put into other SQL. */
  readonly fragment = fragment;
  /** The name of a table or column, to put into SQL. */
  readonly ident = ident;
  protected readonly open: OpenDatabase;
  protected readonly options: QueryOptions;

  constructor(open: OpenDatabase, options: QueryOptions = {}) {
    this.open = open;
    this.options = options;
  }

  /** The same tables; what is asked through it is cancelled with the signal. */
  withSignal(signal: AbortSignal): DuckDBClient {
    return new DuckDBClient(this.open, {...this.options, signal});
  }

  /**
   * Runs the SQL of a template and returns what its last statement yields. Each `${value}` is bound.
   * @throws SqlError with the place in the SQL, ParameterError, EngineError, or the signal's reason when cancelled.
   */
  readonly sql = async (strings: readonly string[], ...values: unknown[]): Promise<Table> => {
    return this.ask(sqlTemplate(strings, values));
  };

  /**
   * Runs a query and keeps its rows in the database, 10 million at most, to be read window by window: sorted, filtered,
   * summarised there. They are freed when nobody holds the view any more, or by `dispose()`.
   * @throws as `sql` does; ParameterError for a statement that is no query.
   */
  readonly view = async (strings: readonly string[], ...values: unknown[]): Promise<TableView> => {
    return this.createView(sqlTemplate(strings, values));
  };

  /** What `sql` returns when that is small, else a view of it: for results that are looked at and not computed with. */
  readonly show = async (strings: readonly string[], ...values: unknown[]): Promise<Table | TableView> => {
    const sql = sqlTemplate(strings, values);
    // What runs twice must not do anything twice, and have one result.
    const all = statements(sql.text);
    if (all.length !== 1 || !isQuery(all[0]) || !readsOnly(sql.text)) return this.ask(sql);
    const whole = await this.run(sql, (database) => database.head(sql, mostShownWhole, this.options));
    return whole ?? this.createView(sql);
  };

  /** Runs SQL with a `?` for each parameter. */
  async query(sql: string, params?: readonly unknown[]): Promise<Table> {
    return this.ask(sqlQuery(sql, params));
  }

  /** The first row of the result as an object, null when there is none. */
  async queryRow(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown> | null> {
    const table = await this.query(sql, params);
    return table.get(0)?.toJSON() ?? null;
  }

  /** Yields the result in batches of row objects as they are made. Stop reading early with `return()` or `break`. */
  async queryStream(sql: string, params?: readonly unknown[]) {
    const query = sqlQuery(sql, params);
    const {schema, batches} = await this.run(query, (database) => database.stream(query, this.options));
    return {
      schema,
      async *readRows(): AsyncGenerator<Record<string, unknown>[]> {
        for await (const batch of batches) yield batch.toArray();
      }
    };
  }

  /** SQL and parameters of a template, for `query`. */
  queryTag(strings: readonly string[], ...params: unknown[]): [string, unknown[]] {
    return [strings.join("?"), params];
  }

  /** A name in quotes. */
  escape(name: string): string {
    return identifier(name);
  }

  async describeTables(): Promise<TableDescription[]> {
    return Array.from(await this.query("SHOW TABLES"), ({name}) => ({name}));
  }

  async describeColumns({table}: {table: string}): Promise<ColumnDescription[]> {
    const rows = await this.query(`DESCRIBE ${identifier(table)}`);
    return Array.from(rows, ({column_name, column_type, null: nullable}) => ({
      name: column_name,
      type: typePatterns.find(([pattern]) => pattern.test(column_type))?.[1] ?? "other",
      nullable: nullable !== "NO",
      databaseType: column_type
    }));
  }

  private ask(sql: SqlText): Promise<Table> {
    return this.run(sql, (database) => database.query(sql, this.options));
  }

  private async createView(sql: SqlText): Promise<TableView> {
    const {QueryView} = await import("./view.ts");
    return this.run(sql, () => QueryView.create(this.open, sql, this.options));
  }

  /** Does something with the database; once more with the next one when it was interrupted and only reads. */
  protected async run<T>(sql: SqlText, work: (database: Database) => Promise<T>): Promise<T> {
    const {signal, catalog} = this.options;
    signal?.throwIfAborted();
    guardStore(sql, !catalog);
    guardThreads(sql);
    guardFiles(sql);
    const attempt = async () => work(await abortable(this.open(), signal));
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof InterruptedError) || !readsOnly(sql.text)) throw error;
      return attempt().catch((second) => {
        // A table that a cell made is gone: that it does not exist is only what came of it.
        throw /^Catalog Error/.test(second?.message) ? error : second;
      });
    }
  }
}
