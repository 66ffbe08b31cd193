import {
  AsyncDuckDB,
  type AsyncDuckDBConnection,
  VoidLogger,
  WorkerRequestType,
  type WorkerTaskReturnType,
  type WorkerTaskVariant
} from "@duckdb/duckdb-wasm";
import {EngineError, InterruptedError} from "./errors.ts";
import {interrupt} from "./interrupt.ts";
import {Pulse} from "./pulse.ts";

/** Whether an error comes from a broken wasm module, and not from SQL: such an engine cannot be trusted any more. */
const isTrap = (error: unknown): error is Error =>
  error instanceof Error && (error.name === "RuntimeError" || error.name === "RangeError");

/** What the pulse itself asks, and the start, which takes as long as loading does. */
const unwatched: ReadonlySet<WorkerRequestType> = new Set([
  WorkerRequestType.PING,
  WorkerRequestType.INSTANTIATE,
  WorkerRequestType.OPEN
]);

const aftermath = "It starts again with the next query; tables that cells made are gone.";

/**
 * DuckDB's worker, watched over: it is ended when it traps, fails or falls silent, and whoever waits for an answer is
 * then told, which DuckDB's own side of the worker does not do.
 */
export class WatchedDuckDB extends AsyncDuckDB {
  /** Why it ended; null while it works. */
  lost: EngineError | null = null;
  readonly #pulse: Pulse;
  /** What it shares with its threads and with the page. */
  #memory: WebAssembly.Memory | null = null;

  /** @param silenceMs how long it may have something to do and not answer */
  constructor(worker: Worker, silenceMs: number) {
    super(new VoidLogger(), worker);
    this.#pulse = new Pulse({
      silenceMs,
      ask: () => this.ping(),
      onSilence: () => this.lose(`it did not answer for ${silenceMs / 1000} s`)
    });
  }

  protected override async postTask<W extends WorkerTaskVariant>(
    task: W,
    transfer?: ArrayBuffer[]
  ): Promise<WorkerTaskReturnType<W>> {
    if (this.lost) throw this.lost;
    if (unwatched.has(task.type)) return super.postTask(task, transfer);
    this.#pulse.begin();
    try {
      return await super.postTask(task, transfer);
    } catch (error) {
      if (!isTrap(error)) throw error;
      throw this.lose(error.message, error);
    } finally {
      this.#pulse.end();
    }
  }

  protected override onMessage(event: MessageEvent): void {
    if (event.data.memory instanceof WebAssembly.Memory) this.#memory = event.data.memory;
    else super.onMessage(event);
  }

  /** Stops the statement of an open connection where threads work on it. @returns false where there are none */
  interrupt(connection: AsyncDuckDBConnection): boolean {
    const id = connection.useUnsafe((_, id) => id);
    return this.#memory !== null && interrupt(this.#memory, id);
  }

  /** Stops the statement of an open connection, within some milliseconds. */
  stop(connection: AsyncDuckDBConnection): void {
    if (this.lost) return;
    if (!this.interrupt(connection)) connection.cancelSent().catch(() => {});
  }

  override fetchQueryResults(connection: number): Promise<Uint8Array | null> {
    const chunk = super.fetchQueryResults(connection);
    // Of a stream that is left early, nobody waits for the part that was asked for ahead.
    chunk.catch(() => {});
    return chunk;
  }

  protected override onError(event: ErrorEvent): void {
    event.preventDefault();
    this.lose(event.message || "its worker failed");
  }

  /** Ends it for a reason; all that it was asked is answered with that. */
  lose(reason: string, cause?: Error): EngineError {
    if (this.lost) return this.lost;
    this.#end(new EngineError(`DuckDB broke: ${reason}. ${aftermath}`, {cause}), reason);
    return this.lost as unknown as EngineError;
  }

  override async terminate(): Promise<void> {
    if (!this.lost) this.#end(new EngineError("DuckDB was ended."), "it was ended");
  }

  #end(lost: EngineError, reason: string): void {
    this.lost = lost;
    this.#pulse.stop();
    void super.terminate();
    const interrupted = new InterruptedError(
      `DuckDB broke while this statement ran, and it was not finished: ${reason}. ${aftermath}`
    );
    for (const {promiseRejecter} of this._pendingRequests.values()) promiseRejecter(interrupted);
    this._pendingRequests.clear();
  }
}
