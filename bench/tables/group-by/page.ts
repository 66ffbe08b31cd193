import {startEngine} from "../../../src/tables/engine.ts";

/** What the bench calls in the page: DuckDB as the product starts it. */
export interface GroupByPage {
  threads(): Promise<number>;
  time(sql: string): Promise<number>;
  numbers(sql: string): Promise<number[]>;
}

const engine = await startEngine({
  extensionRepository: new URL("duckdb-ext", location.href).href,
  // The product leaves one to the page and to training; what is measured is what threads bring.
  threads: crossOriginIsolated ? navigator.hardwareConcurrency : 1
});
const connection = await engine.connect();

const page: GroupByPage = {
  async threads() {
    const [{threads}] = await connection.query("SELECT current_setting('threads')::INTEGER AS threads");
    return threads;
  },
  async time(sql) {
    const started = performance.now();
    await connection.query(sql);
    return performance.now() - started;
  },
  async numbers(sql) {
    const answer = await connection.query(sql);
    return Object.values(answer.get(0)?.toJSON() ?? {}).map(Number);
  }
};

Object.assign(globalThis, {groupBy: page});
