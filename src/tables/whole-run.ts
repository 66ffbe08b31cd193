import type {MetricBatch, RunRecord} from "./types.ts";

/**
 * Whether rows are all that a run yielded: their numbers leave no gap, and they go as far as the run did. Rows without
 * a number are not among them, so that of a run with such rows it cannot be told.
 */
export function isWhole({lastStep, fingerprint}: RunRecord, batches: readonly MetricBatch[]): boolean {
  if (fingerprint.endsWith("+fields")) return true;
  if (batches.length === 0) return lastStep === null;
  const [{seq, step}] = batches;
  const last = step.reduce((a, b) => Math.max(a, b));
  return batches.length === 1 && seq === 0 && (lastStep === null || last === Math.round(lastStep));
}
