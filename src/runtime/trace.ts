import type {ResultFacts} from "./evaluated-cell.ts";
import type {CellPlan} from "./plan.ts";
import type {Cell} from "./types.ts";

/** running: not ended when it was written down, because a run refers to it. superseded: another took its place before it ended. */
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
  upstream: readonly (Trace | null)[];
  endedAt: number | null = null;
  outcome: Outcome = "running";
  error: string | null = null;
  /** What it came to, out of its box; let go once it is written down. */
  result: unknown;
  /** Whether its value is a generator, so that one evaluation has many values. */
  live = false;
  /** Whether something that is kept, such as a run, refers to it. */
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
    this.upstream = [];
  }
}
