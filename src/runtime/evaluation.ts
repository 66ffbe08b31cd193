import {StoppedError} from "./errors.ts";
import {type Generatorish, isGenerator} from "./generators.ts";
import type {Memo, Shown} from "./memo.ts";
import type {Trace, TraceKeeper} from "./trace.ts";
import type {CellContext, CellOutput} from "./types.ts";

/** What an evaluation needs of its cell. */
export interface EvaluationHost {
  readonly id: number;
  readonly output: CellOutput;
  readonly label: string | undefined;
  readonly current: Evaluation | null;
  /** What is remembered of an evaluation of this cell; null where nothing is. */
  trace(evaluation: Evaluation): Trace | null;
  /** Where evaluations are remembered. */
  readonly log: TraceKeeper | null;
  /** Something changed that a person may see. */
  changed(): void;
  /** Makes an error of what the cell started its own. */
  noteFailure(error: unknown): void;
}

/** One computation of a cell, from the change that asked for it until the next one takes its place. */
export class Evaluation {
  /** Milliseconds since the epoch, once the code has begun. */
  startedAt: number | null = null;
  /** Whether its value came from a store. */
  cached = false;
  stopped = false;
  /** Whether its code did not run because the result was known. */
  restored = false;
  /** Whether the code itself said what to show, so that its value is not shown as well. */
  claimed = false;
  /** What it shows, in order. */
  shown: Shown[] | null = null;
  /** What the code was called on; null before. */
  read: readonly unknown[] | null = null;
  /** What is remembered of it, once somebody asked. */
  trace: Trace | null = null;
  /** What the cell's function returned. */
  result: unknown;
  /** The inputs on which it returned; null before. */
  inputs: readonly unknown[] | null = null;
  /** The elements given to `view()`, by the generators it returned. */
  views: Map<unknown, unknown> | null = null;
  /** Unsettled promises given to `waitUntil`. */
  tasks = 0;
  /** Unsettled promises that wait for the reader: to scroll there, to use an input. */
  idles = 0;
  readonly #host: EvaluationHost;
  #controller: AbortController | null = null;
  #ended: Error | null = null;
  #cleared = false;
  #context: CellContext | null = null;

  constructor(host: EvaluationHost) {
    this.#host = host;
  }

  /** What builtins that are bound to the cell are given. Made when asked for: most cells use none. */
  get context(): CellContext {
    const evaluation = this;
    this.#context ??= {
      cellId: this.#host.id,
      get execId() {
        return evaluation.#host.trace(evaluation)?.execId ?? null;
      },
      get signal() {
        return evaluation.signal;
      },
      display: (value) => this.#display(value),
      waitUntil: (promise) => this.#waitUntil(promise),
      fail: (error) => {
        if (this.isCurrent) this.#host.noteFailure(error);
      },
      keep: () => {
        const trace = this.#host.trace(this);
        if (trace) this.#host.log?.keep(trace);
      },
      markCached: () => {
        this.cached = true;
        if (this.trace) this.#host.log?.cached(this.trace);
        this.#host.changed();
      }
    };
    return this.#context;
  }

  get isCurrent(): boolean {
    return this.#host.current === this && !this.#ended;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#ended) this.#controller.abort(this.#ended);
    }
    return this.#controller.signal;
  }

  /** The first value shown takes the place of what the former evaluation showed. */
  show(value: unknown, name: string | undefined): void {
    if (!this.isCurrent) throw new StoppedError("display() was called by an evaluation that has ended.");
    this.clear();
    this.shown ??= [];
    this.shown.push({value, name});
    this.#host.output.display(value, name);
  }

  /** Takes the place of an equal evaluation that was finished before. */
  restore(memo: Memo, result: unknown): void {
    this.restored = true;
    this.startedAt = memo.startedAt;
    this.trace = memo.trace;
    this.claimed = memo.claimed;
    this.cached = memo.cached;
    this.result = result;
    this.inputs = memo.inputs;
    this.read = memo.inputs;
    for (const {value, name} of memo.shown) this.show(value, name);
  }

  /** Shows `value` alone, in place of this evaluation's own former value too. */
  replace(value: unknown, name: string | undefined): void {
    this.#cleared = false;
    this.shown = null;
    this.show(value, name);
  }

  /** Takes away what the former evaluation showed, once. */
  clear(): void {
    if (this.#cleared) return;
    this.#cleared = true;
    this.#host.output.clear();
  }

  /** Notes that the cell waits for the reader until `promise` settles. */
  waitForReader<T>(promise: Promise<T>): Promise<T> {
    this.idles++;
    this.#host.changed();
    const done = () => {
      this.idles--;
      this.#host.changed();
    };
    promise.then(done, done);
    return promise;
  }

  /** Returns a generator that comes too late: the runtime would not. */
  adopt(value: unknown): void {
    if (isGenerator(value) && !this.isCurrent) dismiss(value);
  }

  /** Aborts the signal. Later displays fail once another evaluation is current. */
  end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    if (this.trace) this.#host.log?.end(this.trace, this.stopped ? "stopped" : "superseded");
    this.#controller?.abort(reason);
  }

  #display(value: unknown): unknown {
    this.claimed = true;
    this.show(value, this.#host.label);
    return value;
  }

  #waitUntil(promise: PromiseLike<unknown>): void {
    this.tasks++;
    const done = () => {
      this.tasks--;
      this.#host.changed();
    };
    promise.then(done, done);
    this.#host.changed();
  }
}

/** Returns a generator that nobody will pull from; its complaints concern nobody either. */
function dismiss(generator: Generatorish): void {
  Promise.resolve(generator.return()).catch(() => {});
}
