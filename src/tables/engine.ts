import coiPthreadUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-coi.pthread.worker.js?url";
import coiWorkerUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-coi.worker.js?url";
import ehWorkerUrl from "@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url";
import coiWasmUrl from "@duckdb/duckdb-wasm/dist/duckdb-coi.wasm?url";
import ehWasmUrl from "@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url";
import duckdbWorkerUrl from "./duckdb-worker.js?url";
import {EngineError} from "./errors.ts";
import {WatchedDuckDB} from "./watched.ts";

export interface EngineOptions {
  /**
   * Where DuckDB looks for extensions (an absolute URL of this origin). They are not shipped: a "not found" from here
   * is a clean error, while DuckDB's own default repository ends in a wasm trap when there is no network.
   */
  extensionRepository: string;
  /**
   * Whether the SQL is the reader's own. If not, it cannot reach files, addresses or extensions, nor change settings;
   * everything else works. True when absent.
   */
  trusted?: boolean;
  /**
   * Threads to compute with, of which more than one need an isolated page and take some seconds longer to start. When
   * absent one less than there are cores: the page and training compute too.
   */
  threads?: number;
  /** Longest time without any sign of progress while it starts. */
  timeoutMs?: number;
  /** Longest time without an answer while it has something to do; it is then ended. */
  silenceMs?: number;
  /** Bytes of the engine that have arrived. */
  onProgress?: (loadedBytes: number, totalBytes: number) => void;
}

/** A build of DuckDB. */
interface Bundle {
  workerUrl: string;
  wasmUrl: string;
  /** For threads. */
  pthreadUrl: string | null;
  threads: number;
}

/** How long a running statement keeps the worker from hearing of others, and of its own end by a signal. */
const pollMs = 10;

/** The build with threads has four besides its own, and would wait for ever for a fifth. */
const mostThreads = 5;

/** Files of a catalog's sources are given names below this. It is all that untrusted SQL can read. */
export const givenFiles = "given/";

/** How long the try of an interruption may take. */
const interruptMs = 5000;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The builds that this page can run, the faster one first. */
function bundles(threads = navigator.hardwareConcurrency - 1): Bundle[] {
  const single = {workerUrl: ehWorkerUrl, wasmUrl: ehWasmUrl, pthreadUrl: null, threads: 1};
  if (!globalThis.crossOriginIsolated || threads < 2) return [single];
  const many = {workerUrl: coiWorkerUrl, wasmUrl: coiWasmUrl, pthreadUrl: coiPthreadUrl};
  return [{...many, threads: Math.min(threads, mostThreads)}, single];
}

/** What is set before anybody's SQL runs. */
function settings({extensionRepository, trusted = true}: EngineOptions): string[] {
  const all = [
    "errors_as_json = true",
    `custom_extension_repository = ${literal(extensionRepository.replaceAll("'", "%27"))}`
  ];
  if (!trusted) {
    all.push(`allowed_directories = [${literal(givenFiles)}]`, "enable_external_access = false");
    all.push("lock_configuration = true");
  }
  return all.map((each) => `SET GLOBAL ${each}`);
}

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

/** Stops a statement that would take hours. @throws EngineError when this build does not let itself be interrupted. */
async function tryInterrupt(engine: WatchedDuckDB): Promise<void> {
  const connection = await engine.connect();
  const sent = connection.send("SELECT count(*) FROM range(1000000000000) t(x) WHERE x % 7 = 3");
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  sent.then(over, over);
  const deadline = performance.now() + interruptMs;
  while (!isOver) {
    if (!engine.interrupt(connection) || performance.now() > deadline)
      throw new EngineError("its statements cannot be interrupted.");
    await engine.ping();
  }
  await connection.close();
}

async function startBundle(bundle: Bundle, options: EngineOptions): Promise<WatchedDuckDB> {
  const address = (url: string) => new URL(url, import.meta.url).href;
  const {workerUrl, wasmUrl, pthreadUrl, threads} = bundle;
  const worker = new Worker(address(duckdbWorkerUrl), {name: address(workerUrl)});
  const engine = new WatchedDuckDB(worker, options.silenceMs ?? 30_000);
  const {silence, alive, stop} = watchdog(options.timeoutMs ?? 60_000);
  const start = async () => {
    await engine.instantiate(
      address(wasmUrl),
      pthreadUrl && address(pthreadUrl),
      ({bytesLoaded, bytesTotal}) => {
        alive();
        options.onProgress?.(bytesLoaded, bytesTotal);
      }
    );
    alive();
    await engine.open({
      maximumThreads: threads,
      query: {castTimestampToDate: false, castDecimalToDouble: false, queryPollingInterval: pollMs}
    });
    const connection = await engine.connect();
    for (const statement of settings(options)) await connection.query(statement);
    await connection.close();
    if (pthreadUrl) await tryInterrupt(engine);
  };
  try {
    await Promise.race([start(), silence]);
    return engine;
  } catch (error) {
    await engine.terminate();
    if (error instanceof EngineError) throw error;
    throw new EngineError(`DuckDB did not start: ${error instanceof Error ? error.message : error}`, {
      cause: error
    });
  } finally {
    stop();
  }
}

/**
 * Starts DuckDB in a worker of its own, on an empty database in memory: with threads where the page may have them.
 * Timestamps, decimals and integers come out as they are (see `narrow`).
 * @throws EngineError when it does not start; its worker is then gone.
 */
export async function startEngine(options: EngineOptions): Promise<WatchedDuckDB> {
  const [first, ...others] = bundles(options.threads);
  try {
    return await startBundle(first, options);
  } catch (error) {
    if (others.length === 0) throw error;
    console.warn("DuckDB goes on without threads.", error);
    return startBundle(others[0], options);
  }
}
