import {enterProfiler, type Profiler} from "../../gpu/profile.ts";
import {enterRun, type RunContext} from "../../ops/core/run-context.ts";
import {revive, type Script} from "../capture/revive.ts";
import {abortError} from "../errors.ts";
import type {StartMessage, WireError} from "../protocol.ts";
import {sizeOf} from "../size.ts";
import {makeContext, type TrainContext} from "./context.ts";
import type {TrainingEngine} from "./engine.ts";
import {logText} from "./log-text.ts";
import type {Outbox} from "./outbox.ts";
import {type ReadRow, readRow} from "./read-row.ts";
import type {TaskHost} from "./run-task.ts";
import {abandoned, Patience} from "./settle.ts";
import {readTree} from "./tensor-like.ts";
import {Turn} from "./turns.ts";

/** A run keeps the turn for this long when others wait. */
const quantumMs = 16;
/** Messages are let in at least this often. */
const hopMs = 8;
/** The device is waited for at least this often. */
const drainMs = 250;

type Rows = Iterator<unknown> | AsyncIterator<unknown>;

/** How an attempt ended; null when it was given up. */
export type Ending = {status: "completed" | "diverged"; error: WireError | null} | null;

/** A run that is computed again gave other rows than before. */
export class AstrayError extends Error {
  override name = "AstrayError";
}

/** What an attempt needs of its run. */
export interface AttemptHost
  extends Pick<TaskHost, "hop" | "modules" | "now" | "patienceMs" | "post" | "tookTurn" | "turns"> {
  engine: TrainingEngine;
  start: StartMessage;
  data: unknown;
  outbox: Outbox;
  live(): Readonly<Record<string, unknown>>;
  /** Who looks at the steps, if anybody does. */
  profiler(): Profiler | undefined;
  /** Keeps the trainings of the run, where that is of use. */
  keeping: RunContext | undefined;
}

/**
 * A run's function, stepped from its beginning on one engine. Rows and lines that an earlier attempt has sent are not
 * sent again.
 */
export class Attempt {
  /** Rows that came, those of earlier attempts among them. */
  rowCount = 0;
  scripts: Script[] = [];
  readonly #host: AttemptHost;
  readonly #abort = new AbortController();
  readonly #patience = new Patience();
  readonly #turn = new Turn();
  #lineCount = 0;
  #stopped = false;

  constructor(host: AttemptHost) {
    this.#host = host;
  }

  /** Whether rows that have been sent are still to come again. */
  get isRepeating(): boolean {
    return this.rowCount < this.#host.outbox.rowCount;
  }

  /** Ends it at the next step boundary; when the function only waits, in `patienceMs` at the latest. */
  cancel(): void {
    this.#stop(abortError("The run was cancelled."));
    setTimeout(() => this.#patience.giveUp(), this.#host.patienceMs);
  }

  /** Ends it at once, wherever its function is. */
  giveUp(reason: Error): void {
    this.#stop(reason);
    this.#patience.giveUp();
  }

  #stop(reason: Error): void {
    this.#stopped = true;
    this.#abort.abort(reason);
    this.#host.outbox.open();
  }

  /** Trains to the end; frees all tensors, whatever happens. Rejects with what the function threw. */
  async run(): Promise<Ending> {
    const {engine, start, turns, keeping} = this.#host;
    const owner = engine.ledger.makeOwner(start.name);
    try {
      return await this.#train(() => {
        engine.ledger.open(owner);
        enterRun(keeping);
      });
    } finally {
      engine.ledger.release(owner);
      enterRun(undefined);
      enterProfiler(undefined);
      turns.pass(this.#turn);
    }
  }

  async #train(openWindow: () => void): Promise<Ending> {
    const {engine, hop, modules, now, outbox, start, tookTurn, turns} = this.#host;
    await hop();
    const {fn, scripts} = await revive(start.fn, `petri-${start.runId}`, modules);
    this.scripts = scripts;
    const mine = async (turn: Promise<void>) => {
      const got = await this.#patience.wait(turn);
      if (got === abandoned) return false;
      openWindow();
      tookTurn(start.runId);
      return true;
    };
    if (!(await mine(turns.take(this.#turn)))) return null;
    let hoppedAt = now();
    let drainedAt = now();
    let rows: Rows | null = null;
    for (;;) {
      if (this.#stopped) {
        await this.#close(rows);
        return null;
      }
      const startedAt = now();
      enterProfiler(this.#host.profiler());
      rows ??= await this.#open(fn);
      const result = rows && (await this.#patience.wait(Promise.resolve(rows.next())));
      if (result === abandoned || !rows || !result) return null;
      if (result.done) return await this.#completed();
      const diverged = await this.#take(result.value);
      if (diverged) {
        await this.#close(rows);
        return {status: "diverged", error: diverged};
      }
      if (now() - drainedAt >= drainMs && engine.drain) {
        await this.#patience.wait(engine.drain());
        drainedAt = now();
      }
      outbox.flushIfDue(now() - startedAt);
      if (now() - hoppedAt >= hopMs) {
        await hop();
        hoppedAt = now();
      }
      if (outbox.isFull && !this.#stopped) {
        turns.pass(this.#turn);
        await outbox.credit();
        if (!(await mine(turns.take(this.#turn)))) return null;
      } else if (turns.wanted && turns.heldMs >= quantumMs) {
        if (!(await mine(turns.rotate(this.#turn)))) return null;
      }
    }
  }

  /** The function is at its end: nothing of it may still be on its way to the device. */
  async #completed(): Promise<Ending> {
    const {engine, outbox} = this.#host;
    if (engine.takeFault && engine.drain) {
      if ((await this.#patience.wait(engine.drain())) === abandoned) return null;
      this.#checkDevice();
    }
    if (this.isRepeating) {
      const given = `${outbox.rowCount} rows before and came to its end after ${this.rowCount} now`;
      throw new AstrayError(`The function gave ${given}.`);
    }
    return {status: "completed", error: null};
  }

  /** Calls the function, and makes sure that what it returned can be stepped. */
  async #open(fn: (context: TrainContext) => unknown): Promise<Rows | null> {
    const {data, engine, live, start} = this.#host;
    const context = makeContext(
      {
        ops: engine.ops,
        data,
        params: start.params,
        key: engine.key(start.seed),
        signal: this.#abort.signal
      },
      {
        live,
        log: (values) => this.#log(values),
        checkpoint: (name, tree) => this.#checkpoint(name, tree)
      }
    );
    const made = fn(context) as unknown;
    const isPromise = typeof (made as PromiseLike<unknown> | null)?.then === "function";
    const value = isPromise ? await this.#patience.wait(made as PromiseLike<unknown>) : made;
    if (value === abandoned) return null;
    if (typeof value === "object" && value !== null) {
      if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      if (Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
    }
    throw new TypeError(
      "train(fn) takes a generator function that yields rows: async function* ({ops}) { yield {step, loss}; }. " +
        "This function returned something that has no rows."
    );
  }

  /** Lets the function clean up (its `finally` blocks), as long as it does not take for ever. */
  async #close(rows: Rows | null): Promise<void> {
    if (!rows?.return) return;
    setTimeout(() => this.#patience.giveUp(), this.#host.patienceMs);
    try {
      await this.#patience.wait(Promise.resolve(rows.return(undefined)));
    } catch (error) {
      this.#host.outbox.log("error", logText([error]));
    }
  }

  /** Takes in a yielded row; the error if it says that the run has diverged. */
  async #take(value: unknown): Promise<WireError | null> {
    const {outbox} = this.#host;
    // A bare `yield` is a place to stop at, without a row.
    const isBare = value === undefined || value === null;
    const row = isBare ? null : await this.#patience.wait(readRow(value, this.rowCount));
    // Numbers that were read are not believed before the device has had its say.
    this.#checkDevice();
    if (row === null || row === abandoned) return null;
    this.rowCount += 1;
    if (this.rowCount <= outbox.rowCount) {
      this.#compare(row);
      return null;
    }
    outbox.add(row);
    const name = this.#divergence(row);
    if (name === null) return null;
    const message = `${name} became ${row.numbers[name]} at step ${row.step}.`;
    return {name: "DivergenceError", message, frame: null};
  }

  /** The last row that was sent must be the one that comes again in its place. */
  #compare({step}: ReadRow): void {
    const {rowCount, lastStep} = this.#host.outbox;
    if (this.rowCount < rowCount || step === lastStep) return;
    throw new AstrayError(
      `Row ${rowCount} of the function was of step ${lastStep} before and is of step ${step} now.`
    );
  }

  #checkDevice(): void {
    const fault = this.#host.engine.takeFault?.();
    if (fault) throw fault;
  }

  #divergence({numbers}: ReadRow): string | null {
    const {diverge} = this.#host.start;
    if (diverge === false) return null;
    const watched = diverge === true ? Object.keys(numbers) : diverge;
    return watched.find((name) => name in numbers && !Number.isFinite(numbers[name])) ?? null;
  }

  #log(values: unknown[]): void {
    const {outbox} = this.#host;
    this.#lineCount += 1;
    if (this.#lineCount <= outbox.loggedCount) return;
    outbox.loggedCount = this.#lineCount;
    outbox.log("log", logText(values));
  }

  async #checkpoint(name: string, tree: unknown): Promise<void> {
    const {now, outbox, start} = this.#host;
    if (this.isRepeating) return;
    const step = outbox.lastStep;
    const read = await readTree(tree);
    if (this.#stopped) return;
    const {runId} = start;
    outbox.send({type: "checkpoint", runId, name, step, timeMs: now(), tree: read, sizeBytes: sizeOf(read)});
  }
}
