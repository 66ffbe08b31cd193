/** A DuckDB somewhere, as the group-by bench drives it. */
export interface GroupByEngine {
  /** What it is, e.g. `wasm, 2 threads`. */
  name: string;
  /** Runs a statement and answers its milliseconds. */
  time(sql: string): Promise<number>;
  /** The first row of an answer, as numbers. */
  numbers(sql: string): Promise<number[]>;
  close(): Promise<void>;
}
