import {DuckDBInstance} from "@duckdb/node-api";
import type {GroupByEngine} from "./engine.ts";

/** The peer: DuckDB as a native library, with one thread. */
export async function nativeEngine(): Promise<GroupByEngine> {
  const instance = await DuckDBInstance.create(":memory:", {threads: "1"});
  const connection = await instance.connect();
  return {
    name: "@duckdb/node-api, 1 thread",
    async time(sql) {
      const started = performance.now();
      await connection.run(sql);
      return performance.now() - started;
    },
    async numbers(sql) {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRows()[0].map(Number);
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
    }
  };
}
