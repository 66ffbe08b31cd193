import {ownIdTag, parentTag, runNameTag, toMlflow} from "../import/mlflow-values.ts";
import {stableId} from "../import/stable-id.ts";
import type {StoredMetrics, StoredRun} from "./run-reader.ts";

/** MLflow's ids have at most 32 characters: of a UUID the digits, of anything else a name made of it. */
export function mlflowId(runId: string): string {
  const digits = runId.replaceAll("-", "");
  return /^[0-9a-zA-Z]{1,32}$/.test(digits) ? digits : stableId(runId);
}

/** What is written of a run besides what MLflow has a column for: as tags, so that nothing is lost. */
export function mlflowTags({run}: StoredRun): Map<string, string> {
  const ours: [string, string | number | null][] = [
    ["petri.status", run.status],
    ["petri.seed", run.seed],
    ["petri.backend", run.backend],
    ["petri.adapter", run.adapter],
    ["petri.fingerprint", run.fingerprint],
    ["petri.error", run.error],
    ["petri.notebook", run.notebook]
  ];
  const present = ours.filter(([, value]) => value !== null && value !== "");
  const tags = new Map([
    ...(run.source === "petri" ? present : []).map(([key, value]) => [key, String(value)] as const),
    [runNameTag, run.name] as const,
    ...run.tags
  ]);
  if (mlflowId(run.run_id) !== run.run_id) tags.set(ownIdTag, run.run_id);
  if (run.parent_run_id) tags.set(parentTag, mlflowId(run.parent_run_id));
  return tags;
}

export interface MlflowMetric {
  key: string;
  step: number;
  timestamp: number;
  value: number;
  isNan: boolean;
}

/** Metrics as MLflow keeps them. Its table has no two rows that are the same in everything: of such, one is written. */
export function mlflowMetrics({key, step, timeMs, value}: StoredMetrics): MlflowMetric[] {
  const seen = new Set<string>();
  return Array.from(key, (name, i) => ({
    key: name,
    step: Math.round(step[i]),
    timestamp: Math.round(timeMs[i]),
    ...toMlflow(value[i])
  })).filter((metric) => {
    const {key, step, timestamp, value, isNan} = metric;
    // The key last: it may have any signs in it.
    const identity = `${step} ${timestamp} ${value} ${isNan} ${key}`;
    return !seen.has(identity) && seen.add(identity);
  });
}
