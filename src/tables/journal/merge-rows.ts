import {decodeRows, encodeRows} from "../encode-rows.ts";
import {type Columns, type Row, type TableName, tables} from "../schema.ts";

type AnyRow = Row<TableName>;

/** Most rows of one stream. */
const rowsPerStream = 20_000;

/** What tells rows of a table apart: its key columns, or all of them where it has none. */
function identity(table: TableName): (row: AnyRow) => string {
  const columns = tables[table] as Columns;
  const keys = Object.keys(columns).filter((name) => columns[name].key);
  const names = keys.length > 0 ? keys : Object.keys(columns);
  return (row) => JSON.stringify(names.map((name) => (row as Record<string, unknown>)[name]));
}

/** Merges streams of one table: of rows with the same key the last counts. Rows of unwanted runs are left out. */
export class RowMerger {
  readonly #table: TableName;
  readonly #rows = new Map<string, AnyRow>();
  readonly #identity: (row: AnyRow) => string;

  constructor(table: TableName) {
    this.#table = table;
    this.#identity = identity(table);
  }

  add(ipc: Uint8Array, isWanted: (row: AnyRow) => boolean = () => true): void {
    for (const row of decodeRows(this.#table, ipc)) {
      if (isWanted(row)) this.#rows.set(this.#identity(row), row);
    }
  }

  /** Whether there is a row with the key of this one. */
  has(row: AnyRow): boolean {
    return this.#rows.has(this.#identity(row));
  }

  rows(): AnyRow[] {
    return [...this.#rows.values()];
  }

  /** The rows as Arrow IPC, so many a stream. */
  *streams(): Generator<Uint8Array> {
    const rows = this.rows();
    for (let i = 0; i < rows.length; i += rowsPerStream) {
      yield encodeRows(this.#table, rows.slice(i, i + rowsPerStream));
    }
  }
}
