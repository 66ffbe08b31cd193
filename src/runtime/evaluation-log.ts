import {describeTrace, type EvaluatedCell, type ValueFacts} from "./evaluated-cell.ts";
import type {CellPlan} from "./plan.ts";
import {type Outcome, Trace} from "./trace.ts";
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
  /** Names of builtins: nothing is written down before a cell that reads one of them was evaluated. */
  wakes: ReadonlySet<string>;
}

/**
 * An evaluation that was superseded sooner after its end leaves no trace: somebody dragged a slider. Longer than the
 * interval at which tables tell of changes.
 */
const standsMs = 400;

/** A cell that never comes to rest (an animation, a live query) is written down at most so often after the first few. */
const burst = 20;
const oneInMs = 10_000;

/** What a cell may still write. */
interface Allowance {
  left: number;
  since: number;
}

/**
 * Remembers the evaluations of a notebook's cells that stand for a while, or that something refers to, and with each of
 * those all that it was computed from. Nothing is hashed while cells are computed.
 */
export class EvaluationLog {
  readonly #options: ProvenanceOptions;
  readonly #now: () => number;
  readonly #place: (cellId: number) => number;
  readonly #session = sessionId();
  /** The last evaluation of each cell that ended and is not written down yet. */
  readonly #standing = new Map<number, Trace>();
  readonly #allowances = new Map<number, Allowance>();
  #due = new Set<Trace>();
  #writing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #serial = 0;
  #awake = false;

  /** `place`: where in the notebook a cell is, from 0. */
  constructor(options: ProvenanceOptions, now: () => number, place: (cellId: number) => number) {
    this.#options = options;
    this.#now = now;
    this.#place = place;
  }

  /** The code of a cell begins to run on these values of `plan.inputs`. */
  begin(source: Cell, plan: CellPlan, inputs: readonly unknown[], startedAt: number): Trace {
    const serial = (this.#serial++).toString(16).padStart(12, "0");
    const former = this.#standing.get(source.id);
    if (former) this.#replace(former, startedAt);
    if (!this.#awake && plan.args.some((arg) => this.#options.wakes.has(arg as string))) this.#awake = true;
    return new Trace(this.#session + serial, source, plan, startedAt, inputs);
  }

  /** An evaluation ended; what is told of one that has ended already is passed over. */
  end(
    trace: Trace,
    outcome: Exclude<Outcome, "running">,
    result?: unknown,
    error: string | null = null
  ): void {
    if (trace.endedAt !== null) return;
    trace.endedAt = this.#now();
    trace.outcome = outcome;
    trace.result = result;
    trace.error = error;
    if (trace.kept) this.#record(trace);
    else if (outcome !== "superseded" || trace.endedAt - trace.startedAt >= standsMs) {
      this.#standing.set(trace.source.id, trace);
      this.#schedule(standsMs);
    }
  }

  /** The value came from a store. */
  cached(trace: Trace): void {
    if (trace.endedAt !== null && trace.outcome !== "done") return;
    trace.outcome = "cached";
    if (trace.recorded) this.#record(trace);
  }

  /** Its code, or a value that it went on to, failed. */
  fail(trace: Trace, error: unknown): void {
    this.end(trace, "error", undefined, error instanceof Error ? error.message : String(error));
  }

  /** Something that is kept refers to the evaluation. */
  keep(trace: Trace): void {
    trace.kept = true;
    this.#awake = true;
    if (!trace.recorded) this.#record(trace);
  }

  /** Writes down what stands, however short a time; resolves when it is told. */
  async flush(): Promise<void> {
    if (this.#awake) for (const trace of this.#standing.values()) this.#record(trace);
    this.#write();
    await this.#writing;
  }

  #replace(former: Trace, now: number): void {
    this.#standing.delete(former.source.id);
    const stood = now - (former.endedAt ?? now);
    if (this.#awake && stood >= standsMs && this.#spend(former.source.id, now)) this.#record(former);
  }

  #sweep(): void {
    this.#timer = null;
    const now = this.#now();
    if (this.#awake) {
      for (const [cellId, trace] of this.#standing) {
        if (now - (trace.endedAt ?? now) < standsMs || !this.#spend(cellId, now)) continue;
        this.#record(trace);
      }
      if (this.#standing.size > 0) this.#schedule(standsMs);
    }
    this.#write();
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
      if (this.#standing.get(each.source.id) === each) this.#standing.delete(each.source.id);
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
    const due = [...this.#due].sort((a, b) => (a.execId < b.execId ? -1 : 1));
    this.#due = new Set();
    const told = async () => {
      const evaluated = await Promise.all(
        due.map((trace) => describeTrace(trace, this.#options, this.#place))
      );
      this.#options.onEvaluated(evaluated);
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
