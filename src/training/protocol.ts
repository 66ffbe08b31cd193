// The messages between the page (client.ts) and the training worker (worker.ts).
import type {BackendInfo, MemoryInfo, StepProfile} from "../gpu/types.ts";
import type {Captured} from "./capture/types.ts";
import type {CheckpointTree, LogLine} from "./row-types.ts";
import type {MetricBatch} from "./types.ts";

export interface StartMessage {
  type: "start";
  runId: string;
  /** What people call it. */
  name: string;
  fn: Captured;
  params: Readonly<Record<string, unknown>>;
  live: Readonly<Record<string, unknown>>;
  seed: number;
  /** The data's name in the worker's store, null when the run was given none. */
  dataKey: string | null;
  /** Which yielded numbers end the run when they are not finite: all, none, or these. */
  diverge: boolean | readonly string[];
}

export type ToWorker =
  | StartMessage
  /** Puts data into the worker's store, once however many runs read it. */
  | {type: "data"; key: string; value: unknown}
  | {type: "dropData"; key: string}
  | {type: "cancel"; runId: string}
  /** Asks what the run's next steps do on the GPU; answered once. */
  | {type: "profile"; runId: string}
  /** Asks whether the worker still hears; it answers with a pong. */
  | {type: "ping"}
  | {type: "live"; runId: string; values: Readonly<Record<string, unknown>>}
  /** The page has taken in this many bytes of the run's messages. */
  | {type: "ack"; runId: string; sizeBytes: number};

export interface RowsMessage {
  type: "rows";
  runId: string;
  batch: MetricBatch;
  /** The batch as an Arrow IPC stream; null when no row had a number. */
  ipc: Uint8Array | null;
  /** Fields that are not numbers and small, by row of this batch. */
  small: [row: number, fields: Record<string, unknown>][];
  /** The newest value of each field too large to send for every row, and the row it came with. */
  large: Record<string, {row: number; value: unknown}>;
  /** The last row's `totalSteps` and `progress`, where it had them. */
  totalSteps?: number;
  fraction?: number;
  logs: LogLine[];
  memory: MemoryInfo;
  sizeBytes: number;
}

export interface CheckpointMessage {
  type: "checkpoint";
  runId: string;
  name: string;
  step: number | null;
  timeMs: number;
  tree: CheckpointTree;
  sizeBytes: number;
}

/** An error as it crosses from the worker; `frame` is a place in `Captured.functions`. */
export interface WireError {
  name: string;
  message: string;
  frame: {function: number; line: number; column: number} | null;
}

export interface EndedMessage {
  type: "ended";
  runId: string;
  status: "completed" | "cancelled" | "failed" | "diverged" | "interrupted";
  error: WireError | null;
  memory: MemoryInfo;
}

/** The run's device was lost, and it goes on on this one. */
export interface ResumedMessage {
  type: "resumed";
  runId: string;
  backend: BackendInfo;
  /** Whether that is another than it began on. */
  isMoved: boolean;
}

export type FromWorker =
  /** The worker listens. `lock` is held for as long as it lives. */
  | {type: "ready"; lock: string | null}
  | {type: "pong"}
  /** What the worker computes on; null when it could open nothing. */
  | {type: "opened"; backend: BackendInfo | null}
  /** From now on the worker steps this run. */
  | {type: "turn"; runId: string}
  | {type: "started"; runId: string; backend: BackendInfo; startedAt: number}
  | RowsMessage
  | CheckpointMessage
  | EndedMessage
  | ResumedMessage
  | {type: "profile"; runId: string; profile: StepProfile};
