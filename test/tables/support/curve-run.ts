import type {RunRecord} from "../../../src/tables/types.ts";

/** A run of which only some things matter. */
export function curveRun(overrides: Partial<RunRecord> & {runId: string}): RunRecord {
  return {
    name: "mlp",
    notebook: "n",
    cellId: 1,
    cellExecId: null,
    experiment: "n",
    parentRunId: null,
    tags: {},
    tab: null,
    attempt: 1,
    status: "completed",
    params: {},
    seed: 0,
    code: "function* () {}",
    fingerprint: overrides.runId,
    backend: null,
    versions: {},
    dataHash: "",
    createdAt: 1000,
    startedAt: null,
    endedAt: null,
    lastStep: null,
    error: null,
    ...overrides
  };
}
