import {describeTrace, type EvaluatedCell, type ValueFacts} from "./evaluated-cell.ts";
import type {CellPlan} from "./plan.ts";
import {type Outcome, Trace, type TracedCell, type TraceKeeper} from "./trace.ts";
import type {Cell} from "./types.ts";

/** How evaluations are written down. */
export interface ProvenanceOptions {
  /**
   * Told of evaluations, in batches, some time after they ended. One that is told of again has gone on since: it was
   * told of as `running`, or its result came from a store.
   */
  onEvaluated(evaluated: readonly EvaluatedCell[]): void;
  /** SHA-256 (hex) of a text. */
  digest(text: string): Promise<string>;
  /** What kind of value the page takes this for; null for those that it does not know. */
  describe?(value: unknown): ValueFacts | null;
  /** Names of builtins: nothing is written down before a cell that reads one of them is defined. */
  wakes: ReadonlySet<string>;
}

/** The session whose evaluations are remembered. */
export interface LoggedSession {
  /** Milliseconds since the epoch. */
  now(): number;
  cells(): Iterable<TracedCell>;
  /** The source of a cell whose code runs. */
  source(cellId: number): Cell | undefined;
  /** Where in the notebook the cells are, from 0. */
  places(): ReadonlyMap<number, number>;
}

/**
 * An evaluation whose result was replaced sooner leaves no trace: somebody dragged a slider. Longer than the interval
 * at which tables tell of changes.
 */
const standsMs = 400;

/** Between two looks at what stands. */
const sweepMs = 200;

/** A cell that never comes to rest (an animation, a live query) is written down at most so often after the first few. */
const burst = 20;
const oneInMs = 10_000;

/** Evaluations that are described at a time: about a millisecond. */
const partSize = 50;

/** What a cell may still write. */
interface Allowance {
  left: number;
  since: number;
}

/**
 * Remembers the evaluations of a notebook's cells that stand for a while, or that something refers to, and with each of
 * those all that it was computed from. Cells are looked at when they have come to rest; computing them costs nothing more.
 */
export class EvaluationLog implements TraceKeeper {
  readonly #options: ProvenanceOptions;
  readonly #host: LoggedSession;
  readonly #session = sessionId();
  /** Cells that changed and are not written down as they are now. */
  readonly #touched = new Set<TracedCell>();
  readonly #allowances = new Map<number, Allowance>();
  #due = new Set<Trace>();
  #writing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #serial = 0;
  #awake = false;

  constructor(options: ProvenanceOptions, host: LoggedSession) {
    this.#options = options;
    this.#host = host;
  }

  /** A cell got code. */
  defined(plan: CellPlan): void {
    if (!plan.direct && plan.args.some((arg) => this.#options.wakes.has(arg as string))) this.#wake();
  }

  /** Something changed about a cell; called at most once a cell and frame. */
  touch(cell: TracedCell): void {
    if (!this.#awake) return;
    this.#touched.add(cell);
    this.#schedule(sweepMs);
  }

  traceOf(cell: TracedCell): Trace | null {
    const {current, plan} = cell;
    if (!current?.read || !plan || current.startedAt === null) return null;
    // Once its cell has got other code, nobody knows any more what an evaluation was of.
    if (current.trace || !(current.isCurrent || current.stopped)) return current.trace;
    const source = this.#host.source(cell.id);
    if (!source) return null;
    const serial = (this.#serial++).toString(16).padStart(12, "0");
    const trace = new Trace(this.#session + serial, source, plan, current.startedAt, current.read);
    current.trace = trace;
    trace.streams = cell.streams;
    // A cell that is not behind reads what stands: a newer evaluation above would have made it compute again.
    if (!cell.stale && !current.stopped)
      trace.upstream = cell.sources.map((each) => each && this.traceOf(each));
    const endedAt = trace.startedAt + (cell.durationMs ?? 0);
    if (current.stopped) this.#end(trace, "stopped", endedAt);
    else if (cell.state === "failed") this.#end(trace, "error", endedAt, cell);
    else if (cell.state === "done") this.#end(trace, current.cached ? "cached" : "done", endedAt, cell);
    return trace;
  }

  keep(trace: Trace): void {
    trace.kept = true;
    this.#wake();
    if (!trace.recorded) this.#record(trace);
  }

  end(trace: Trace, outcome: Exclude<Outcome, "running">, cell?: TracedCell): void {
    if (trace.endedAt === null) this.#end(trace, outcome, this.#host.now(), cell);
  }

  fail(trace: Trace, error: unknown): void {
    if (trace.endedAt !== null) return;
    trace.error = error instanceof Error ? error.message : String(error);
    this.#end(trace, "error", this.#host.now());
  }

  cached(trace: Trace): void {
    if (trace.endedAt !== null && trace.outcome !== "done") return;
    trace.outcome = "cached";
    if (trace.recorded) this.#record(trace);
  }

  /** Writes down what stands, however short a time; resolves when it is told. */
  async flush(): Promise<void> {
    if (this.#awake) {
      for (const cell of this.#host.cells()) {
        const trace = this.traceOf(cell);
        if (trace && !trace.recorded) this.#record(trace);
      }
    }
    this.#touched.clear();
    this.#write();
    await this.#writing;
  }

  #end(trace: Trace, outcome: Outcome, endedAt: number, cell?: TracedCell): void {
    trace.endedAt = endedAt;
    trace.outcome = outcome;
    trace.error ??= cell?.error?.message ?? null;
    trace.streams ||= cell?.streams ?? false;
    trace.result = cell?.value;
    if (trace.recorded) this.#record(trace);
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    for (const cell of this.#host.cells()) this.#touched.add(cell);
    this.#schedule(sweepMs);
  }

  #sweep(): void {
    this.#timer = null;
    for (const cell of this.#touched) if (this.#look(cell)) this.#touched.delete(cell);
    if (this.#touched.size > 0) this.#schedule(sweepMs);
    this.#write();
  }

  /** Writes a cell's evaluation down when it has stood, or gone on, for long enough; false when that is still to come. */
  #look(cell: TracedCell): boolean {
    const {current, state} = cell;
    // It will be told of when its code has begun.
    if (!current?.read || current.startedAt === null || state === "queued" || state === "idle") return true;
    if (current.trace?.recorded) return true;
    const now = this.#host.now();
    const since = current.startedAt + (state === "running" ? 0 : (cell.durationMs ?? 0));
    if (now - since < standsMs || !this.#spend(cell.id, now)) return false;
    const trace = this.traceOf(cell);
    if (trace) this.#record(trace);
    return true;
  }

  #spend(cellId: number, now: number): boolean {
    const {left, since} = this.#allowances.get(cellId) ?? {left: burst, since: now};
    const earned = Math.floor((now - since) / oneInMs);
    const allowance = {left: Math.min(burst, left + earned) - 1, since: since + earned * oneInMs};
    if (allowance.left < 0) return false;
    this.#allowances.set(cellId, allowance);
    return true;
  }

  /** Has it written down, and what it was computed from. */
  #record(trace: Trace): void {
    const found = [trace];
    for (const each of found) {
      each.recorded = true;
      this.#due.add(each);
      for (const upstream of each.upstream) if (upstream && !upstream.recorded) found.push(upstream);
    }
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => this.#sweep(), delayMs);
  }

  #write(): void {
    if (this.#due.size === 0) return;
    // In the order they began, so that what was read is hashed before who read it.
    const due = [...this.#due].sort((a, b) => a.startedAt - b.startedAt || (a.execId < b.execId ? 1 : -1));
    this.#due = new Set();
    const told = async () => {
      const places = this.#host.places();
      // In parts, so that a large notebook does not hold the page up.
      for (let i = 0; i < due.length; i += partSize) {
        const part = due.slice(i, i + partSize);
        const describe = (trace: Trace) => describeTrace(trace, this.#options, places);
        this.#options.onEvaluated(await Promise.all(part.map(describe)));
      }
    };
    this.#writing = this.#writing.then(told, told);
    // Whoever keeps them says what went wrong; computing goes on.
    this.#writing.catch(() => {});
  }
}

/** What all evaluations of a session have in common in their ids: the time, so that ids sort, and chance. */
function sessionId(): string {
  const [chance] = crypto.getRandomValues(new Uint32Array(1));
  return Date.now().toString(16).padStart(12, "0") + chance.toString(16).padStart(8, "0");
}
