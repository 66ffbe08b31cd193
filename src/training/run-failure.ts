import {RunError} from "./errors.ts";
import type {Job} from "./job.ts";
import {positionOf} from "./position.ts";
import type {EndedMessage} from "./protocol.ts";

/** Errors whose message says all: their name adds nothing for a reader. */
const plain = new Set(["Error", "DivergenceError", "EngineError", "RowError"]);

/** What a run ended badly of, with its place in the cell whose code it was. */
export function runFailure(job: Job, {status, error}: EndedMessage): RunError {
  const {core, capture} = job;
  const {lastStep: step, cellId} = core.record;
  const position = error ? positionOf(error.frame, capture.origins) : null;
  const message =
    !error || plain.has(error.name) ? (error?.message ?? "") : `${error.name}: ${error.message}`;
  // A helper's line means nothing beside the cell that called train().
  const elsewhere = position !== null && position.cellId !== null && position.cellId !== cellId;
  const where = elsewhere ? ` (in cell ${position.cellId}, line ${position.line})` : "";
  return new RunError(message + where, {status, step, position, cellId});
}

/** Why a worker is ended that did not cancel `job` in time, `hung` keeping it busy. */
export function hangReason(job: Job, hung: Job, answerMs: number): string {
  const [name, busy] = [job.core.record.name, hung.core.record.name];
  const seconds = `within ${answerMs / 1000} s`;
  return hung === job
    ? `The run ${name} did not stop ${seconds} of being cancelled, so the training worker was ended.`
    : `The run ${busy} kept the training worker from cancelling the run ${name} ${seconds}, so the worker was ended.`;
}
