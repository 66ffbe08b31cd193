import type {RunRow} from "../schema.ts";

/** MLflow keeps no infinity: it writes the greatest number that a double holds instead. */
const mlflowInfinity = Number.MAX_VALUE;

/** A value as MLflow stores it. */
export function toMlflow(value: number): {value: number; isNan: boolean} {
  if (Number.isNaN(value)) return {value: 0, isNan: true};
  return {value: Math.max(-mlflowInfinity, Math.min(mlflowInfinity, value)), isNan: false};
}

/** The value that MLflow stored. */
export function fromMlflow(value: number, isNan: boolean): number {
  if (isNan) return Number.NaN;
  return Math.abs(value) === mlflowInfinity ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
}

const statuses = [
  "SCHEDULED",
  "RUNNING",
  "FINISHED",
  "FAILED",
  "KILLED"
] as const satisfies readonly RunRow["mlflow_status"][];

/** MLflow's status of a run; undefined when it has no such word. */
export function mlflowStatus(word: unknown): RunRow["mlflow_status"] | undefined {
  return statuses.find((status) => status === word);
}

/** Tags of MLflow that have a place of their own here. */
export const parentTag = "mlflow.parentRunId";
export const runNameTag = "mlflow.runName";
/** Has the place of a run's artifacts, for which MLflow has a column. */
export const artifactUriTag = "mlflow.artifactUri";

/** A run that was sent from here bears its id: back again, it is the same run. */
export const ownIdTag = "petri.run_id";
