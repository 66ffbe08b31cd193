import type {Table} from "apache-arrow";
import {abortable} from "./abortable.ts";
import type {Database, QueryOptions} from "./database.ts";
import {guardStore} from "./guard.ts";
import {identifier} from "./literal.ts";
import {fragment, ident, type SqlText, sqlQuery, sqlTemplate} from "./sql-text.ts";
import {isQuery, statements} from "./statements.ts";
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
  private readonly open: OpenDatabase;
  private readonly options: QueryOptions;

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
    return this.run(sqlTemplate(strings, values));
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
    const all = statements(sql.text);
    // What runs twice must not do anything twice.
    if (all.length !== 1 || !isQuery(all[0]) || /\bnextval\b/i.test(sql.text)) return this.run(sql);
    const database = await this.openFor(sql);
    const whole = await database.head(sql, mostShownWhole, this.options);
    return whole ?? this.createView(sql);
  };

  /** Runs SQL with a `?` for each parameter. */
  async query(sql: string, params?: readonly unknown[]): Promise<Table> {
    return this.run(sqlQuery(sql, params));
  }

  /** The first row of the result as an object, null when there is none. */
  async queryRow(sql: string, params?: readonly unknown[]): Promise<Record<string, unknown> | null> {
    const table = await this.query(sql, params);
    return table.get(0)?.toJSON() ?? null;
  }

  /** Yields the result in batches of row objects as they are made. Stop reading early with `return()` or `break`. */
  async queryStream(sql: string, params?: readonly unknown[]) {
    const query = sqlQuery(sql, params);
    const database = await this.openFor(query);
    const {schema, batches} = await database.stream(query, this.options);
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

  private async run(sql: SqlText): Promise<Table> {
    const database = await this.openFor(sql);
    return database.query(sql, this.options);
  }

  private async createView(sql: SqlText): Promise<TableView> {
    this.check(sql);
    const {QueryView} = await import("./view.ts");
    return QueryView.create(this.open, sql, this.options);
  }

  private check(sql: SqlText): void {
    this.options.signal?.throwIfAborted();
    guardStore(sql, !this.options.catalog);
  }

  private async openFor(sql: SqlText): Promise<Database> {
    this.check(sql);
    return abortable(this.open(), this.options.signal);
  }
}
