/** The part of sql.js that is used: it comes without types. */
declare module "sql.js" {
  export type SqlValue = number | string | Uint8Array | null;

  export interface Statement {
    bind(values?: readonly SqlValue[]): boolean;
    step(): boolean;
    get(): SqlValue[];
    run(values?: readonly SqlValue[]): void;
    free(): boolean;
  }

  export interface Database {
    exec(sql: string): unknown;
    prepare(sql: string): Statement;
    export(): Uint8Array;
    close(): void;
  }

  export interface SqlJs {
    Database: new (bytes?: Uint8Array) => Database;
  }

  const initSqlJs: (options?: {locateFile?: (name: string) => string}) => Promise<SqlJs>;
  // biome-ignore lint/style/noDefaultExport: the package has no other.
  export default initSqlJs;
}
