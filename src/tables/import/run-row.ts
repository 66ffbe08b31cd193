import {toJSON} from "../parameters.ts";
import type {ParamRow, Row, RunRow} from "../schema.ts";
import {paramValue} from "./param-text.ts";

/** What an importer knows of a run. */
export interface ImportedRun {
  runId: string;
  experimentId: string;
  name: string;
  source: string;
  status: RunRow["status"];
  mlflowStatus: RunRow["mlflow_status"];
  /** Milliseconds since the epoch, like the next. */
  startTime: number | null;
  endTime: number | null;
  lastStep: number | null;
  params: readonly ParamRow[];
  tags: ReadonlyMap<string, string>;
  parentRunId?: string | null;
  error?: string | null;
  lifecycleStage?: RunRow["lifecycle_stage"];
}

const date = (ms: number | null) => (ms === null ? null : new Date(ms));

/** The parameters as one value, as `runs.config` has them. */
function config(params: readonly ParamRow[]): string {
  return toJSON(Object.fromEntries(params.map((param) => [param.key, paramValue(param)])));
}

function seedOf(params: readonly ParamRow[]): number | null {
  const value = params.find(({key}) => /^(random_?)?seed$/i.test(key))?.value_num ?? null;
  return Number.isSafeInteger(value) ? value : null;
}

/** A run of another tracker as a row of `runs`. */
export function runRow(run: ImportedRun): RunRow {
  return {
    run_id: run.runId,
    experiment_id: run.experimentId,
    parent_run_id: run.parentRunId ?? null,
    name: run.name,
    notebook: "",
    cell_id: null,
    cell_exec_id: null,
    status: run.status,
    mlflow_status: run.mlflowStatus,
    attempt: 1,
    seed: seedOf(run.params),
    backend: null,
    adapter: null,
    created_at: new Date(run.startTime ?? run.endTime ?? 0),
    start_time: date(run.startTime),
    end_time: date(run.endTime),
    last_step: run.lastStep,
    error: run.error ?? null,
    code: "",
    fingerprint: "",
    data_hash: "",
    versions: new Map(),
    config: config(run.params),
    source: run.source,
    tab: null,
    lifecycle_stage: run.lifecycleStage ?? "active",
    tags: run.tags
  };
}

/** An experiment's row. Its id says where it came from, so that two of one name stay two. */
export function experimentRow(
  source: string,
  name: string,
  createdAtMs: number,
  tags: ReadonlyMap<string, string> = new Map(),
  lifecycle_stage: Row<"experiments">["lifecycle_stage"] = "active"
): Row<"experiments"> {
  return {experiment_id: `${source}:${name}`, name, created_at: new Date(createdAtMs), lifecycle_stage, tags};
}

/** Our word for MLflow's. What was running there runs nowhere now. */
export const statusOfMlflow: Record<RunRow["mlflow_status"], RunRow["status"]> = {
  SCHEDULED: "interrupted",
  RUNNING: "interrupted",
  FINISHED: "completed",
  FAILED: "failed",
  KILLED: "cancelled"
};
