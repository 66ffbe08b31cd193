/** What one step yielded: `step`, numbers (metrics) and whatever else it wants to show. */
export interface Row {
  /** The step as yielded, else the number of the row. */
  step: number;
  [name: string]: unknown;
}

/** A line of `log(...)`. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  timeMs: number;
  /** The last step that had yielded a row, null before the first. */
  step: number | null;
  /** note: what became of the run itself. */
  level: "log" | "error" | "note";
  text: string;
}

/** A tensor's content, out of the worker. */
export interface TensorValues {
  shape: number[];
  dtype: string;
  values: Float32Array | Int32Array | Uint8Array | string[];
}

/** A tree of parameters whose tensors have become `TensorValues`. */
export type CheckpointTree =
  | TensorValues
  | CheckpointTree[]
  | {[name: string]: CheckpointTree}
  | number
  | string
  | boolean
  | null
  | ArrayBufferView;

/** The newest checkpoint of a name. */
export interface Checkpoint {
  name: string;
  step: number | null;
  /** Milliseconds since the epoch. */
  timeMs: number;
  tree: CheckpointTree;
  sizeBytes: number;
}

/** How far a run is. */
export interface RunProgress {
  /** The last step that yielded a row, null before the first. */
  step: number | null;
  totalSteps: number | null;
  /** 0 to 1 where the total is known. */
  fraction: number | null;
  /** Over the last few seconds; null until two rows have come. */
  stepsPerSecond: number | null;
  /** Milliseconds to the end at this rate; null when it cannot be known. */
  etaMs: number | null;
  /** For how long the worker has answered nothing; absent while it answers. */
  silentMs?: number;
}
