import type {Dataset} from "../../src/ops/datasets/dataset.ts";
import {ops} from "../../src/ops/index.ts";
import {chance} from "./chance.ts";

/** A whole training by `fit`, one number a round: milliseconds a step. */
export interface FitTimings {
  planned: number[];
  unplanned: number[];
  /** What became of the plan, as `fit` reports it. */
  report: string;
}

/** What `fit` is given: images and labels of chance, of a dataset's size. */
export interface FitTask {
  rows: number;
  /** Numbers of an image. */
  features: number;
  /** Units of the hidden layers. */
  hidden: readonly number[];
  batchSize: number;
  steps: number;
  rounds: number;
}

/** Steps a second of the same training with plans and without, round by round in turn. */
export async function timeFit(task: FitTask): Promise<FitTimings> {
  const data = chance(task.rows, task.features);
  const timings: FitTimings = {planned: [], unplanned: [], report: ""};
  await train(data, {...task, steps: 12}, true);
  await train(data, {...task, steps: 3}, false);
  for (let round = 0; round < task.rounds; ++round) {
    const planned = await train(data, task, true);
    timings.planned.push(planned.stepMs);
    timings.report = planned.report;
    timings.unplanned.push((await train(data, task, false)).stepMs);
  }
  return timings;
}

async function train(
  data: Dataset,
  {features, hidden, batchSize, steps}: FitTask,
  plan: boolean
): Promise<{stepMs: number; report: string}> {
  const start = performance.now();
  const training = ops.fit(ops.mlp([features, ...hidden, 10]), data, {batchSize, steps, plan});
  for await (const row of training) void row;
  const stepMs = (performance.now() - start) / steps;
  const {status = "", reason = ""} = training.plan ?? {};
  training.dispose();
  return {stepMs, report: [status, reason].filter(Boolean).join(": ")};
}
