import {AsyncDuckDB, VoidLogger} from "@duckdb/duckdb-wasm";
import workerUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url";
import wasmUrl from "@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url";
import {EngineError} from "./errors.ts";

export interface EngineOptions {
  /**
   * Where DuckDB looks for extensions (an absolute URL of this origin). They are not shipped: a "not found" from here
   * is a clean error, while DuckDB's own default repository ends in a wasm trap when there is no network.
   */
  extensionRepository: string;
  /** Longest time without any sign of progress. */
  timeoutMs?: number;
  /** Bytes of the engine that have arrived. */
  onProgress?: (loadedBytes: number, totalBytes: number) => void;
}

/** How long a running statement keeps the worker from hearing of others, and of its own end by a signal. */
const pollMs = 10;

/** Rejects when nothing was heard for `ms`; `alive` starts the time again. */
function watchdog(ms: number) {
  let timer: ReturnType<typeof setTimeout>;
  let fail: (error: Error) => void;
  const silence = new Promise<never>((_, reject) => (fail = reject));
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const hint = "a content security policy without 'wasm-unsafe-eval' for its worker does this";
      fail(new EngineError(`DuckDB did not start: nothing was heard from it for ${ms / 1000} s (${hint}).`));
    }, ms);
  };
  alive();
  return {silence, alive, stop: () => clearTimeout(timer)};
}

/**
 * Starts DuckDB in a worker of its own, on an empty database in memory.
 * Timestamps come out as UTC dates, decimals and integers as they are (see `narrow`).
 * @throws EngineError when it does not start; its worker is then gone.
 */
export async function startEngine(options: EngineOptions): Promise<AsyncDuckDB> {
  const worker = new Worker(new URL(workerUrl, import.meta.url));
  const engine = new AsyncDuckDB(new VoidLogger(), worker);
  const {silence, alive, stop} = watchdog(options.timeoutMs ?? 60_000);
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) => {
      reject(
        new EngineError(`DuckDB's worker could not start: ${event.message || "its script was not loaded"}.`)
      );
    });
  });
  const start = async () => {
    await engine.instantiate(new URL(wasmUrl, import.meta.url).href, null, ({bytesLoaded, bytesTotal}) => {
      alive();
      options.onProgress?.(bytesLoaded, bytesTotal);
    });
    alive();
    await engine.open({
      query: {castTimestampToDate: true, castDecimalToDouble: false, queryPollingInterval: pollMs}
    });
    const connection = await engine.connect();
    await connection.query("SET GLOBAL errors_as_json = true");
    await connection.query(
      `SET custom_extension_repository = '${options.extensionRepository.replaceAll("'", "%27")}'`
    );
    await connection.close();
  };
  try {
    await Promise.race([start(), silence, broken]);
    return engine;
  } catch (error) {
    worker.terminate();
    if (error instanceof EngineError) throw error;
    throw new EngineError(`DuckDB did not start: ${error instanceof Error ? error.message : error}`, {
      cause: error
    });
  } finally {
    stop();
  }
}
