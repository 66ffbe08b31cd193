import type {StepProfile} from "../../gpu/types.ts";
import type {LogLine, RunProgress} from "../../training/row-types.ts";
import type {RunRecord} from "../../training/types.ts";

/** The rows of a run so far, in columns of one length; NaN where a row has no such number. */
export interface RunColumns {
  readonly step: ArrayLike<number>;
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
}

/** What the card needs of a training run; the client's `Run` is one. */
export interface RunView {
  readonly record: RunRecord;
  readonly rows: RunColumns;
  readonly progress: RunProgress;
  readonly logs: readonly LogLine[];
  /** True when the store answered and nothing was computed now. */
  readonly fromCache: boolean;
  /** True from the request to cancel until the run has stopped. */
  readonly cancelling: boolean;
  /** What its steps do on the GPU, once asked for. */
  readonly profile?: StepProfile | "waiting" | null;
  cancel(): void;
  requestProfile?(): void;
  /** Runs it again though the store has it. */
  recompute(): unknown;
  /** Calls back after every change; answers the way to stop. */
  subscribe(listener: () => void): () => void;
}

export function isRunView(value: unknown): value is RunView {
  if (typeof value !== "object" || value === null) return false;
  const run = value as Partial<RunView>;
  return (
    typeof run.record?.runId === "string" &&
    typeof run.cancel === "function" &&
    typeof run.subscribe === "function"
  );
}

export type Split = "train" | "test";

/** One metric, told apart into the quantity it measures and the data it was measured on. */
export interface Metric {
  /** As yielded, e.g. `testAccuracy`. */
  name: string;
  /** e.g. `accuracy`. */
  quantity: string;
  split: Split;
}
