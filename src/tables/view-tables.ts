import type {Table} from "apache-arrow";
import {abortable} from "./abortable.ts";
import type {Database, QueryOptions} from "./database.ts";
import {ParameterError} from "./errors.ts";
import type {SqlText} from "./sql-text.ts";
import {sqlQuery} from "./sql-text.ts";
import {isQuery, lastRange, statements} from "./statements.ts";
import {tally, ViewTable, viewName} from "./view-table.ts";
import type {ViewColumn} from "./view-types.ts";

/** Their tables lie in a catalog of their own, where no name of a cell is. */
const catalog = "__views";

/** Most rows of all views together, besides those of the newest: some 60 bytes a row of metrics. */
const mostRows = 12_000_000;

/** How long an abandoned view is kept: its grid is still shown until the next one is made. */
const abandonedMs = 10_000;

export interface ViewOptions extends QueryOptions {
  /** Most rows that are kept. */
  keepRows: number;
}

/** The tables of views in one database, as many as there is room for. */
export class ViewTables {
  readonly #database: Database;
  /** The one used longest ago first. */
  readonly #kept = new Set<ViewTable>();
  readonly #abandoned = new Set<ViewTable>();
  #attached: Promise<unknown> | null = null;
  #numbers = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Runs a query and keeps its rows. @throws ParameterError when it is none, SqlError, or the signal's reason. */
  async make(sql: SqlText, options: ViewOptions): Promise<ViewTable> {
    const last = statements(sql.text).at(-1);
    if (!last || !isQuery(last))
      throw new ParameterError("A view is made of a query, as in SELECT * FROM metrics.");
    this.#attached ??= this.#database.query(sqlQuery(`ATTACH IF NOT EXISTS ':memory:' AS ${catalog}`));
    await abortable(this.#attached, options.signal);
    const table = await this.#create(sql, options);
    this.#dropAbandoned();
    this.#kept.add(table);
    this.#makeRoom();
    return table;
  }

  /** Notes that a table is read. */
  use(table: ViewTable): void {
    if (this.#kept.delete(table)) this.#kept.add(table);
  }

  /** Nobody waits for its rows any more: they go when the next view is made, or after a while. */
  abandon(table: ViewTable): void {
    if (!this.#kept.has(table)) return;
    this.#abandoned.add(table);
    setTimeout(() => this.drop(table), abandonedMs);
  }

  drop(table: ViewTable): void {
    this.#kept.delete(table);
    this.#abandoned.delete(table);
    // A database that ends meanwhile takes its tables with it.
    table.drop().catch(() => {});
  }

  async #create(sql: SqlText, options: ViewOptions): Promise<ViewTable> {
    const {keepRows, ...rest} = options;
    const number = ++this.#numbers;
    const nameOf = (suffix: string) => viewName(catalog, `v${number}${suffix}`);
    const name = nameOf("").strings[0];
    const [start, end] = lastRange(sql.text);
    // One row more than is kept tells that there are more.
    const create = sql
      .insert(end, `\n) LIMIT ${keepRows + 1}`)
      .insert(start, `CREATE TABLE ${name} AS SELECT * FROM (`);
    const created = await this.#run(create, rest);
    // A PIVOT is several statements to DuckDB, and then it does not say how many rows were made.
    const count = sqlQuery(`SELECT count(*) FROM ${name}`);
    let rowCount = tally(created.numRows > 0 ? created : await this.#database.query(count, rest));
    const truncated = rowCount > keepRows;
    if (truncated) {
      await this.#run(sqlQuery(`DELETE FROM ${name} WHERE rowid = ${keepRows}`), rest);
      rowCount = keepRows;
    }
    const described = await this.#database.query(sqlQuery(`DESCRIBE ${name}`), rest);
    const columns = Array.from(described, ({column_name, column_type}): ViewColumn => {
      return {name: column_name, type: column_type};
    });
    return new ViewTable(this.#database, nameOf, {columns, rowCount, truncated});
  }

  async #run(sql: SqlText, options: QueryOptions): Promise<Table> {
    try {
      return await this.#database.query(sql, options);
    } catch (error) {
      if (this.#kept.size === 0 || !/Out of Memory/.test(String(error))) throw error;
      for (const table of [...this.#kept]) this.drop(table);
      return await this.#database.query(sql, options);
    }
  }

  #dropAbandoned(): void {
    for (const table of [...this.#abandoned]) this.drop(table);
  }

  #makeRoom(): void {
    let rows = 0;
    for (const table of [...this.#kept].reverse()) {
      rows += table.rowCount;
      if (rows > mostRows) this.drop(table);
    }
  }
}
