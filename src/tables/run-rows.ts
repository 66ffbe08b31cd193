import {toJSON} from "./parameters.ts";
import type {RunRow} from "./schema.ts";
import type {RunRecord} from "./types.ts";

/** MLflow has fewer words: what did not come to its end by itself was killed. */
export const mlflowStatus: Record<RunRecord["status"], RunRow["mlflow_status"]> = {
  queued: "SCHEDULED",
  running: "RUNNING",
  completed: "FINISHED",
  cancelled: "KILLED",
  interrupted: "KILLED",
  failed: "FAILED",
  diverged: "FAILED"
};

const date = (ms: number | null) => (ms === null ? null : new Date(ms));

/** A run as a row of `runs`. */
export function runRow(run: RunRecord): RunRow {
  return {
    run_id: run.runId,
    experiment_id: run.experiment,
    parent_run_id: run.parentRunId,
    name: run.name,
    notebook: run.notebook,
    cell_id: run.cellId,
    cell_exec_id: run.cellExecId,
    status: run.status,
    mlflow_status: mlflowStatus[run.status],
    attempt: run.attempt,
    seed: Number.isSafeInteger(run.seed) ? run.seed : null,
    backend: run.backend?.name ?? null,
    adapter: run.backend?.adapter ?? null,
    created_at: new Date(run.createdAt),
    start_time: date(run.startedAt),
    end_time: date(run.endedAt),
    last_step: run.lastStep,
    error: run.error,
    code: run.code,
    fingerprint: run.fingerprint,
    data_hash: run.dataHash,
    versions: new Map(Object.entries(run.versions)),
    config: toJSON(run.params),
    source: "petri",
    tab: run.tab,
    lifecycle_stage: "active",
    tags: new Map(Object.entries(run.tags))
  };
}

/** The run that a row of `runs` tells of. Its parameters are those that JSON can say. */
export function runRecord(row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    experiment: row.experiment_id,
    parentRunId: row.parent_run_id,
    name: row.name,
    notebook: row.notebook,
    cellId: row.cell_id,
    cellExecId: row.cell_exec_id,
    status: row.status,
    attempt: row.attempt,
    seed: row.seed ?? 0,
    backend: row.backend === null ? null : {name: row.backend, adapter: row.adapter ?? ""},
    createdAt: Number(row.created_at),
    startedAt: row.start_time && Number(row.start_time),
    endedAt: row.end_time && Number(row.end_time),
    lastStep: row.last_step,
    error: row.error,
    code: row.code,
    fingerprint: row.fingerprint,
    dataHash: row.data_hash,
    versions: Object.fromEntries(row.versions),
    params: paramsOf(row),
    tab: row.tab,
    tags: Object.fromEntries(row.tags)
  };
}

/** None when the row came from an archive that somebody changed: one bad row must not keep all from being read. */
function paramsOf({config}: RunRow): RunRecord["params"] {
  try {
    return JSON.parse(config);
  } catch {
    return {};
  }
}

/** Whether two records of a run say the same. */
export function isSameRun(a: RunRecord, b: RunRecord): boolean {
  return (Object.keys(b) as (keyof RunRecord)[]).every((key) => Object.is(a[key], b[key]));
}
