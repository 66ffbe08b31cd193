import {frameOf} from "../capture/frames.ts";
import {revive, type Script, type WorkerModules} from "../capture/revive.ts";
import {abortError} from "../errors.ts";
import type {EndedMessage, StartMessage, WireError} from "../protocol.ts";
import {sizeOf} from "../size.ts";
import {makeContext, type TrainContext} from "./context.ts";
import type {TrainingEngine} from "./engine.ts";
import {logText} from "./log-text.ts";
import {Outbox, type OutboxHost} from "./outbox.ts";
import {type ReadRow, readRow} from "./read-row.ts";
import {abandoned, Patience} from "./settle.ts";
import {readTree} from "./tensor-like.ts";
import {Turn, type Turns} from "./turns.ts";

/** A run keeps the turn for this long when others wait. */
const quantumMs = 16;
/** Messages are let in at least this often. */
const hopMs = 8;
/** The device is waited for at least this often. */
const drainMs = 250;

/** What a run needs of its worker. */
export interface TaskHost extends OutboxHost {
  engine: TrainingEngine;
  modules: WorkerModules;
  turns: Turns;
  /** Called when a run is about to step. */
  tookTurn(runId: string): void;
  hop(): Promise<void>;
  /** How long a cancelled function may go on in one step, when it waits for something. */
  patienceMs: number;
}

type Outcome = Pick<EndedMessage, "status" | "error">;
type Rows = Iterator<unknown> | AsyncIterator<unknown>;

/** One run in the worker: steps its function, sends its rows, and frees its tensors however it ends. */
export class RunTask {
  readonly #start: StartMessage;
  readonly #data: unknown;
  readonly #host: TaskHost;
  readonly #outbox: Outbox;
  readonly #turn = new Turn();
  readonly #abort = new AbortController();
  readonly #patience = new Patience();
  #live: Readonly<Record<string, unknown>>;
  #scripts: Script[] = [];

  constructor(start: StartMessage, data: unknown, host: TaskHost) {
    this.#start = start;
    this.#data = data;
    this.#host = host;
    this.#live = start.live;
    this.#outbox = new Outbox(start.runId, host);
  }

  /** Ends the run at its next step boundary; when its function only waits, in `patienceMs` at the latest. */
  cancel(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(abortError("The run was cancelled."));
    this.#outbox.open();
    setTimeout(() => this.#patience.giveUp(), this.#host.patienceMs);
  }

  setLive(values: Readonly<Record<string, unknown>>): void {
    this.#live = {...this.#live, ...values};
  }

  acknowledge(sizeBytes: number): void {
    this.#outbox.acknowledge(sizeBytes);
  }

  /** Notes an error that surfaced outside of the run's steps. */
  complain(reason: unknown): void {
    this.#outbox.log("error", logText([reason]));
  }

  /** Trains to the end and says how it ended; never rejects. */
  async run(): Promise<void> {
    const {engine, turns} = this.#host;
    const owner = engine.ledger.makeOwner();
    let outcome: Outcome;
    try {
      outcome = await this.#train(() => engine.ledger.open(owner));
    } catch (error) {
      outcome = this.#cancelled ? {status: "cancelled", error: null} : this.#failure(error);
    }
    engine.ledger.release(owner);
    turns.pass(this.#turn);
    this.#outbox.flush();
    const {runId} = this.#start;
    this.#host.post({type: "ended", runId, ...outcome, memory: engine.memory()}, []);
  }

  get #cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  async #train(openWindow: () => void): Promise<Outcome> {
    const {turns, tookTurn, hop, now} = this.#host;
    await hop();
    const {fn, scripts} = await revive(this.#start.fn, `petri-${this.#start.runId}`, this.#host.modules);
    this.#scripts = scripts;
    const mine = async (turn: Promise<void>) => {
      const got = await this.#patience.wait(turn);
      if (got === abandoned) return false;
      openWindow();
      tookTurn(this.#start.runId);
      return true;
    };
    if (!(await mine(turns.take(this.#turn)))) return {status: "cancelled", error: null};
    let hoppedAt = now();
    let drainedAt = now();
    let rows: Rows | null = null;
    for (;;) {
      if (this.#cancelled) {
        await this.#stop(rows);
        return {status: "cancelled", error: null};
      }
      const startedAt = now();
      rows ??= await this.#open(fn);
      const result = rows && (await this.#patience.wait(Promise.resolve(rows.next())));
      if (result === abandoned || !rows || !result) return {status: "cancelled", error: null};
      if (result.done) return {status: "completed", error: null};
      const diverged = await this.#take(result.value);
      if (diverged) {
        await this.#stop(rows);
        return {status: "diverged", error: diverged};
      }
      if (now() - drainedAt >= drainMs && this.#host.engine.drain) {
        await this.#patience.wait(this.#host.engine.drain());
        drainedAt = now();
      }
      this.#outbox.flushIfDue(now() - startedAt);
      if (now() - hoppedAt >= hopMs) {
        await hop();
        hoppedAt = now();
      }
      if (this.#outbox.isFull && !this.#cancelled) {
        turns.pass(this.#turn);
        await this.#outbox.credit();
        if (!(await mine(turns.take(this.#turn)))) return {status: "cancelled", error: null};
      } else if (turns.wanted && turns.heldMs >= quantumMs) {
        if (!(await mine(turns.rotate(this.#turn)))) return {status: "cancelled", error: null};
      }
    }
  }

  /** Calls the function, and makes sure that what it returned can be stepped. */
  async #open(fn: (context: TrainContext) => unknown): Promise<Rows | null> {
    const {ops, key} = this.#host.engine;
    const {params, seed} = this.#start;
    const context = makeContext(
      {ops, data: this.#data, params, key: key(seed), signal: this.#abort.signal},
      {
        live: () => this.#live,
        log: (level, values) => this.#outbox.log(level, logText(values)),
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
  async #stop(rows: Rows | null): Promise<void> {
    if (!rows?.return) return;
    setTimeout(() => this.#patience.giveUp(), this.#host.patienceMs);
    try {
      await this.#patience.wait(Promise.resolve(rows.return(undefined)));
    } catch (error) {
      this.complain(error);
    }
  }

  /** Takes in a yielded row; the error if it says that the run has diverged. */
  async #take(value: unknown): Promise<WireError | null> {
    // A bare `yield` is a place to stop at, without a row.
    if (value === undefined || value === null) return null;
    const row = await readRow(value, this.#outbox.rowCount);
    this.#outbox.add(row);
    const name = this.#divergence(row);
    if (name === null) return null;
    const message = `${name} became ${row.numbers[name]} at step ${row.step}.`;
    return {name: "DivergenceError", message, frame: null};
  }

  #divergence({numbers}: ReadRow): string | null {
    const {diverge} = this.#start;
    if (diverge === false) return null;
    const watched = diverge === true ? Object.keys(numbers) : diverge;
    return watched.find((name) => name in numbers && !Number.isFinite(numbers[name])) ?? null;
  }

  async #checkpoint(name: string, tree: unknown): Promise<void> {
    const step = this.#outbox.lastStep;
    const read = await readTree(tree);
    const {runId} = this.#start;
    const timeMs = this.#host.now();
    this.#outbox.send({type: "checkpoint", runId, name, step, timeMs, tree: read, sizeBytes: sizeOf(read)});
  }

  #failure(error: unknown): Outcome {
    const {name, message} =
      error instanceof Error
        ? error
        : {
            name: "Error",
            message: typeof error === "string" ? error : `The function threw ${logText([error])}`
          };
    return {status: "failed", error: {name, message, frame: frameOf(error, this.#scripts)}};
  }
}
