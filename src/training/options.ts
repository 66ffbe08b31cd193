import {TrainOptionError} from "./errors.ts";
import type {LiveSource} from "./live.ts";
import {checkDefinitions} from "./metric-definitions.ts";
import type {MetricDefinition} from "./types.ts";

/** What train() takes beside the function. */
export interface TrainOptions {
  /** Shown on the run and in the table `runs`; the function's name without it. */
  name?: string;
  /** What the run belongs to, in the table `experiments`; the notebook without it. */
  experiment?: string;
  /** Free words by name, in `runs.tags`: text, numbers or booleans. */
  tags?: Readonly<Record<string, string | number | boolean>>;
  /** What the metrics mean, by name: goal, unit, the value that stands for a run, the axis they are drawn over. */
  metrics?: Readonly<Record<string, MetricDefinition>>;
  /** The run that this one is a part of: a run, or its id. */
  parent?: string | {readonly record: {readonly runId: string}};
  /** Structural hyperparameters: a change is a new run. */
  params?: Readonly<Record<string, unknown>>;
  /** Values that may change while the run goes: plain ones, inputs (elements with `.value`) or async iterables. */
  live?: Readonly<Record<string, LiveSource>>;
  /** Sent to the worker once for all runs that use it; it must not be changed in place afterwards. */
  data?: unknown;
  /** A whole number from 0; `params.seed` or 0 without it. */
  seed?: number;
  /** Steps in all, for progress. Rows may say it too: `totalSteps`, or `progress` from 0 to 1. */
  steps?: number;
  /** Which metrics end the run when they become NaN or infinite: all (true, the default), none, or these. */
  diverge?: boolean | readonly string[];
  /** False: never answered from the store. */
  cache?: boolean;
}

const known = new Set([
  "name",
  "experiment",
  "tags",
  "metrics",
  "parent",
  "params",
  "live",
  "data",
  "seed",
  "steps",
  "diverge",
  "cache"
]);

/** What options say once they have been checked. */
export interface CheckedOptions {
  seed: number;
  tags: Readonly<Record<string, string>>;
  parentRunId: string | null;
}

/** The options that need reading. @throws TrainOptionError when some option makes no sense. */
export function checkOptions(fn: unknown, options: TrainOptions): CheckedOptions {
  if (typeof fn !== "function") {
    throw new TrainOptionError(
      `train(fn, options) takes a function first: train(async function* ({ops}) {...}); it got ${typeof fn}.`
    );
  }
  if (typeof options !== "object" || options === null) {
    throw new TrainOptionError(`train(fn, options) takes an object of options; it got ${String(options)}.`);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new TrainOptionError(`train() has no option ${name}; it has ${[...known].join(", ")}.`);
    }
  }
  const {experiment, metrics, steps, diverge} = options;
  for (const name of ["params", "live", "tags", "metrics"] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
      throw new TrainOptionError(`${name} must be an object of values by name, such as ${examples[name]}.`);
    }
  }
  if (experiment !== undefined && (typeof experiment !== "string" || experiment === "")) {
    throw new TrainOptionError(`experiment must be a name; it is ${String(experiment) || "empty"}.`);
  }
  if (steps !== undefined && !(Number.isFinite(steps) && steps > 0)) {
    throw new TrainOptionError(`steps must be a number over 0; it is ${String(steps)}.`);
  }
  if (diverge !== undefined && typeof diverge !== "boolean" && !Array.isArray(diverge)) {
    throw new TrainOptionError('diverge must be true, false or a list of metrics such as ["loss"].');
  }
  checkDefinitions(metrics ?? {});
  return {seed: checkSeed(options), tags: checkTags(options.tags ?? {}), parentRunId: checkParent(options)};
}

const examples = {
  params: "{learningRate: 0.1}",
  live: "{learningRate: 0.1}",
  tags: '{phase: "ablation"}',
  metrics: '{accuracy: {goal: "maximize"}}'
};

function checkSeed({seed: given, params}: TrainOptions): number {
  const seed = given ?? (typeof params?.seed === "number" ? params.seed : 0);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TrainOptionError(`seed must be a whole number from 0 to 2^53 - 1; it is ${String(seed)}.`);
  }
  return seed;
}

function checkTags(tags: NonNullable<TrainOptions["tags"]>): Record<string, string> {
  for (const [name, value] of Object.entries(tags)) {
    if (["string", "number", "boolean"].includes(typeof value)) continue;
    throw new TrainOptionError(`tags.${name} must be text, a number or a boolean; it is ${typeof value}.`);
  }
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)]));
}

function checkParent({parent}: TrainOptions): string | null {
  if (parent === undefined) return null;
  const id: unknown = typeof parent === "string" ? parent : parent?.record?.runId;
  if (typeof id === "string" && id !== "") return id;
  throw new TrainOptionError(
    "parent must be a run, or a run's id: parent: sweep or parent: sweep.record.runId."
  );
}
