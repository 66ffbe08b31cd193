/** One number of a bench; a line of `npm run bench -- <subject> --json`. */
export interface Measurement {
  /** E.g. `runtime`. */
  subject: string;
  /** What was done, e.g. `chain of 1,000 cells`. */
  case: string;
  /** What was measured, e.g. `edit to recomputed`. */
  metric: string;
  value: number;
  /** E.g. `ms`, `rows/s`. */
  unit: string;
  /** The peer that was measured in the same run, e.g. `@observablehq/runtime`; empty when there is none. */
  against: string;
  /** Ours divided by the peer's; null without a peer. */
  ratio: number | null;
  /** Which direction is good. */
  better: "lower" | "higher";
  /** What it ran on: a GPU adapter, `wasm`, or `cpu`; empty where it does not matter. */
  adapter: string;
}

/** A part of a subject. It measures ours and the peer in the same run, and takes seconds when `quick`. */
export type Bench = (options: {quick: boolean}) => Promise<Measurement[]>;
