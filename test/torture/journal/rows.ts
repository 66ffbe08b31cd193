import type {MetricBatch} from "../../../src/tables/types.ts";

/** Metrics of every row. */
export const keys = ["half", "part"] as const;

/** Runs are named by the round and their number in it. */
export const runName = (round: number, n: number) => `round-${round}-${n}`;

/** A number that tells the runs of all rounds apart. */
const markOf = (runId: string) => {
  const [, round, n] = runId.split("-").map(Number);
  return round * 100 + n;
};

/** What a row's metric is. It follows from where the row is, so that a reader knows what was written. */
export const metricAt = (runId: string, key: string, seq: number) =>
  key === "half" ? seq / 2 : markOf(runId) + 1 / (seq + 1);

/** Rows of a run from `seq` on. */
export function batchOf(runId: string, seq: number, rows: number): MetricBatch {
  const step = Float64Array.from({length: rows}, (_, i) => seq + i);
  const columns = Object.fromEntries(keys.map((key) => [key, step.map((at) => metricAt(runId, key, at))]));
  return {runId, seq, step, timeMs: step.map((at) => 1.76e12 + at), columns};
}
