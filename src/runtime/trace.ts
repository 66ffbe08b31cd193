import type {ResultFacts} from "./evaluated-cell.ts";
import type {PartState} from "./part.ts";
import type {CellPlan} from "./plan.ts";
import type {Cell, CellError} from "./types.ts";

/** running: not ended when it was written down. superseded: another took its place before it ended. */
export type Outcome = "running" | "done" | "cached" | "error" | "stopped" | "superseded";

/** What is remembered of one evaluation of a cell until it is written down: what ran, on what, how it ended. */
export class Trace {
  readonly execId: string;
  readonly source: Cell;
  readonly plan: CellPlan;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The values of `plan.inputs`; let go once they are written down. */
  inputs: readonly unknown[];
  /** The evaluations that `plan.inputs` came from; null for builtins and the page's tables. */
  upstream: readonly (Trace | null)[] = [];
  endedAt: number | null = null;
  outcome: Outcome = "running";
  error: string | null = null;
  /** What it came to, out of its box; let go once it is written down. */
  result: unknown;
  /** Whether one evaluation has many values: it is a generator, or an input's. */
  streams = false;
  /** Whether something that is kept refers to it. */
  kept = false;
  /** Whether it is written down, or is about to be. */
  recorded = false;
  /** Whether what it read is written down. */
  told = false;
  /** Its cache key, once somebody asked. */
  key: Promise<string> | null = null;
  /** What it came to, once it is described. */
  facts: Promise<ResultFacts> | null = null;

  constructor(execId: string, source: Cell, plan: CellPlan, startedAt: number, inputs: readonly unknown[]) {
    this.execId = execId;
    this.source = source;
    this.plan = plan;
    this.startedAt = startedAt;
    this.inputs = inputs;
  }
}

/** A cell, as whoever remembers evaluations sees it. */
export interface TracedCell {
  readonly id: number;
  readonly plan: CellPlan | null;
  readonly current: TracedEvaluation | null;
  /** How far the current evaluation is. */
  readonly state: PartState;
  readonly error: CellError | undefined;
  /** An input changed and the code has not run since. */
  readonly stale: boolean;
  /** Of the current evaluation once it is done. */
  readonly durationMs: number | undefined;
  /** The cells that the inputs come from, in the order of `plan.inputs`; null for what no cell defines. */
  readonly sources: readonly (TracedCell | null)[];
  readonly streams: boolean;
  readonly value: unknown;
}

export interface TracedEvaluation {
  readonly startedAt: number | null;
  readonly read: readonly unknown[] | null;
  readonly isCurrent: boolean;
  readonly stopped: boolean;
  readonly cached: boolean;
  trace: Trace | null;
}

/** Where evaluations are remembered. */
export interface TraceKeeper {
  /** What is remembered of the current evaluation of a cell from now on; null when its code has not begun. */
  traceOf(cell: TracedCell): Trace | null;
  /** Something that is kept refers to the evaluation. */
  keep(trace: Trace): void;
  /** An evaluation ended; what is told of one that has ended already is passed over. `cell`: of which the value is taken. */
  end(trace: Trace, outcome: Exclude<Outcome, "running">, cell?: TracedCell): void;
  /** Its code failed. */
  fail(trace: Trace, error: unknown): void;
  /** The value came from a store. */
  cached(trace: Trace): void;
}
