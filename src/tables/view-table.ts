import type {Table} from "apache-arrow";
import type {Database} from "./database.ts";
import {fragment, ident, type SqlFragment, type SqlText, sqlTemplate} from "./sql-text.ts";
import {columnList, orderClause, whereClause} from "./view-sql.ts";
import {summarizeColumn} from "./view-summary.ts";
import type {ColumnSummary, Filter, Order, ViewColumn, Window} from "./view-types.ts";

/** Sorting for the first rows keeps only those: quick up to about here. */
const mostSorted = 20_000;

/** Of this many rows a condition is tried anew for each window. */
const mostTried = 200_000;

type Choice = Pick<Window, "where" | "orderBy">;

/** The rows that a choice selects, in its order, as a table of row ids. */
interface Selection {
  key: string;
  name: SqlFragment;
  /** How many rows it has, once it is made. */
  rowCount: Promise<number>;
  controller: AbortController;
}

const sql = (strings: TemplateStringsArray, ...values: unknown[]) => sqlTemplate(strings, values);

const keyOf = ({where = [], orderBy = []}: Choice) =>
  JSON.stringify([where, orderBy], (_, value) => (typeof value === "bigint" ? `${value}n` : value));

/** The number of rows that a statement made or changed. */
export const tally = (table: Table): number => Number(table.getChildAt(0)?.get(0) ?? 0);

/** Rows of a query as a table of a database, until it is dropped or the database is gone. */
export class ViewTable {
  readonly columns: readonly ViewColumn[];
  readonly rowCount: number;
  readonly truncated: boolean;
  readonly #database: Database;
  readonly #name: SqlFragment;
  readonly #nameOf: (suffix: string) => SqlFragment;
  #selections = 0;
  #selection: Selection | null = null;
  #dropped = false;

  /** @param nameOf the table's name with something appended, for tables beside it */
  constructor(
    database: Database,
    nameOf: (suffix: string) => SqlFragment,
    made: {columns: readonly ViewColumn[]; rowCount: number; truncated: boolean}
  ) {
    this.#database = database;
    this.#nameOf = nameOf;
    this.#name = nameOf("");
    this.columns = made.columns;
    this.rowCount = made.rowCount;
    this.truncated = made.truncated;
  }

  /** Whether it can still be read. */
  get isThere(): boolean {
    return !this.#dropped && !this.#database.lost;
  }

  async count(where: readonly Filter[], signal?: AbortSignal): Promise<number> {
    if (where.length === 0) return this.rowCount;
    const condition = whereClause(where, this.columns);
    return tally(await this.#query(sql`SELECT count(*) FROM ${this.#name} ${condition}`, signal));
  }

  async window(window: Window, signal?: AbortSignal): Promise<Table> {
    const {offset, limit} = window;
    const columns = columnList(window.columns, this.columns);
    if (!this.#needsSelection(window)) {
      const rows = fragment`FROM ${this.#name} ${whereClause(window.where, this.columns)}
        ${orderClause(window.orderBy, this.columns)} LIMIT ${limit} OFFSET ${offset}`;
      return this.#query(sql`SELECT ${columns} ${rows}`, signal);
    }
    const {name, rowCount} = this.#select(window);
    await rowCount;
    // The ids stand in the order of the choice, so that a window is a range of their own row ids.
    return this.#query(
      sql`SELECT ${columns} FROM (
          SELECT id, rowid AS place FROM ${name} WHERE rowid >= ${offset} AND rowid < ${offset + limit}) chosen
        JOIN ${this.#name} kept ON kept.rowid = chosen.id ORDER BY chosen.place`,
      signal
    );
  }

  summarize(column: string, where?: readonly Filter[], signal?: AbortSignal): Promise<ColumnSummary> {
    const ask = async (sql: SqlText) => (await this.#query(sql, signal)).toArray();
    return summarizeColumn({table: this.#name, columns: this.columns, ask}, column, where);
  }

  toArrow(window: Omit<Window, "offset" | "limit">, signal?: AbortSignal): Promise<Table> {
    const columns = columnList(window.columns, this.columns);
    const where = whereClause(window.where, this.columns);
    const order = orderClause(window.orderBy, this.columns);
    return this.#query(sql`SELECT ${columns} FROM ${this.#name} ${where} ${order}`, signal);
  }

  /** Frees its rows. Statements that read them go on to their end. */
  async drop(): Promise<void> {
    if (!this.isThere) return;
    this.#dropped = true;
    this.#unselect();
    await this.#query(sql`DROP TABLE IF EXISTS ${this.#name}`);
  }

  #query(sql: SqlText, signal?: AbortSignal): Promise<Table> {
    return this.#database.query(sql, {signal});
  }

  #needsSelection({where = [], orderBy = [], offset, limit}: Window): boolean {
    if (this.rowCount <= mostSorted) return false;
    if (orderBy.length > 0) return offset + limit > mostSorted;
    return where.length > 0 && this.rowCount > mostTried && offset > 0;
  }

  /** One choice is kept at a time: the one that is scrolled through. */
  #select(choice: Choice): Selection {
    const key = keyOf(choice);
    if (this.#selection?.key === key) return this.#selection;
    this.#unselect();
    const name = this.#nameOf(`_${++this.#selections}`);
    const where = whereClause(choice.where, this.columns);
    const order: readonly Order[] | undefined = choice.orderBy;
    const create = sql`CREATE TABLE ${name} AS SELECT rowid AS id FROM ${this.#name} ${where}
      ${orderClause(order, this.columns)}`;
    const controller = new AbortController();
    const rowCount = this.#query(create, controller.signal).then(tally);
    const selection = {key, name, rowCount, controller};
    this.#selection = selection;
    rowCount.catch(() => {
      if (this.#selection === selection) this.#selection = null;
    });
    return selection;
  }

  #unselect(): void {
    const selection = this.#selection;
    this.#selection = null;
    if (!selection) return;
    selection.controller.abort();
    const drop = () => this.#query(sql`DROP TABLE IF EXISTS ${selection.name}`);
    selection.rowCount.then(drop).catch(() => {});
  }
}

/** A name in the catalog of views. */
export const viewName = (catalog: string, name: string): SqlFragment => ident(catalog, "main", name);
