import type {Database, SqlJs, SqlValue} from "sql.js";

export type {SqlValue} from "sql.js";

/** A file is no SQLite database, or is damaged. */
export class SqliteError extends Error {
  override name = "SqliteError";
}

let loading: Promise<SqlJs> | null = null;

/** SQLite as WebAssembly, from this origin in a page and from the package in Node. */
async function load(): Promise<SqlJs> {
  const {default: init} = await import("sql.js");
  if (typeof document === "undefined" && typeof importScripts === "undefined") return init();
  const {default: url} = await import("sql.js/dist/sql-wasm-browser.wasm?url");
  return init({locateFile: () => url});
}

const magic = "SQLite format 3\0";

/** Whether the bytes begin as a SQLite database does. */
export function isSqlite(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 16)) === magic;
}

/** Where the header says how the file is written and read: 1 with a rollback journal, 2 with a write-ahead log. */
const journalModes = [18, 19];

/**
 * A database in write-ahead mode wants files beside it, which memory does not have: it is read as one without.
 * What is only in its log is missing then.
 */
function withoutLog(bytes: Uint8Array): Uint8Array {
  if (journalModes.every((at) => bytes[at] !== 2)) return bytes;
  const copy = bytes.slice();
  for (const at of journalModes) copy[at] = 1;
  return copy;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A SQLite database in memory. Close it: its memory is not collected. */
export class SqliteFile {
  /** Whether it was in write-ahead mode: rows may still be in a file beside it that ends in `-wal`. */
  readonly writeAhead: boolean;
  private readonly database: Database;

  private constructor(database: Database, writeAhead: boolean) {
    this.database = database;
    this.writeAhead = writeAhead;
  }

  /** An empty database, or the one of the bytes of a file. @throws SqliteError when they are none. */
  static async open(bytes?: Uint8Array): Promise<SqliteFile> {
    if (bytes && !isSqlite(bytes)) {
      throw new SqliteError(
        "expected a SQLite database, whose first 16 bytes are “SQLite format 3” and a zero."
      );
    }
    loading ??= load().catch((error) => {
      loading = null;
      throw error;
    });
    const {Database} = await loading;
    const file = new SqliteFile(new Database(bytes && withoutLog(bytes)), bytes?.[19] === 2);
    try {
      file.tables();
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  /** Names of the tables. */
  tables(): string[] {
    return Array.from(this.rows("SELECT name FROM sqlite_master WHERE type = 'table'"), ([name]) =>
      String(name)
    );
  }

  /** Names of the columns of a table, none when there is no such table. */
  columns(table: string): string[] {
    return Array.from(
      this.rows(`SELECT name FROM pragma_table_info(${`'${table.replaceAll("'", "''")}'`})`),
      ([name]) => String(name)
    );
  }

  /** The rows of a query, read as they are asked for. @throws SqliteError when the file is damaged where they are. */
  *rows(sql: string, values: readonly SqlValue[] = []): Generator<SqlValue[]> {
    const statement = this.prepare(sql);
    try {
      statement.bind(values);
      while (statement.step()) yield statement.get();
    } catch (error) {
      throw explain(error);
    } finally {
      statement.free();
    }
  }

  /** Runs statements that yield nothing. */
  run(sql: string): void {
    try {
      this.database.exec(sql);
    } catch (error) {
      throw explain(error);
    }
  }

  /** Adds rows to a table in one transaction. */
  insert(table: string, columns: readonly string[], rows: Iterable<readonly SqlValue[]>): void {
    const marks = columns.map(() => "?").join(", ");
    this.run("BEGIN");
    const statement = this.prepare(
      `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(", ")}) VALUES (${marks})`
    );
    try {
      for (const row of rows) statement.run(row);
    } catch (error) {
      throw explain(error);
    } finally {
      statement.free();
      this.run("COMMIT");
    }
  }

  /** The bytes of the database as a file. */
  toBytes(): Uint8Array {
    return this.database.export();
  }

  close(): void {
    this.database.close();
  }

  private prepare(sql: string) {
    try {
      return this.database.prepare(sql);
    } catch (error) {
      throw explain(error);
    }
  }
}

function explain(error: unknown): SqliteError {
  return new SqliteError(`SQLite: ${error instanceof Error ? error.message : String(error)}`, {cause: error});
}
