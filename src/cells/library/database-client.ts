import {UnsupportedCellError} from "../../runtime/errors.ts";

/** What a client answers queries with. */
interface Database {
  sql(strings: readonly string[], ...parameters: unknown[]): Promise<unknown>;
}

export type LoadDatabase = () => Promise<Database>;

/**
 * The builtin `DatabaseClient(name)`, which SQL cells with a database's name compile to: "duckdb" is
 * the page's own; others are programs on a computer that a page cannot reach.
 */
export function databaseClient(duckdb: LoadDatabase) {
  return function DatabaseClient(name: string): Database {
    if (name !== "duckdb") {
      throw new UnsupportedCellError(
        `a page cannot reach the database “${name}”; set the cell's database to duckdb, or to var:name for a ` +
          "client that a cell makes with DuckDBClient.of({...})"
      );
    }
    return {
      async sql(strings, ...parameters) {
        return (await duckdb()).sql(strings, ...parameters);
      }
    };
  };
}
