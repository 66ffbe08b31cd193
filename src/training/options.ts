import {TrainOptionError} from "./errors.ts";
import type {LiveSource} from "./live.ts";

/** What train() takes beside the function. */
export interface TrainOptions {
  /** Shown on the run and in the table `runs`; the function's name without it. */
  name?: string;
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

const known = new Set(["name", "params", "live", "data", "seed", "steps", "diverge", "cache"]);

/** The seed of a run. @throws TrainOptionError when some option makes no sense. */
export function checkOptions(fn: unknown, options: TrainOptions): {seed: number} {
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
  const {params, live, seed: given, steps, diverge} = options;
  for (const [name, value] of Object.entries({params, live})) {
    if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
      throw new TrainOptionError(`${name} must be an object of values by name, such as {learningRate: 0.1}.`);
    }
  }
  if (steps !== undefined && !(Number.isFinite(steps) && steps > 0)) {
    throw new TrainOptionError(`steps must be a number over 0; it is ${String(steps)}.`);
  }
  if (diverge !== undefined && typeof diverge !== "boolean" && !Array.isArray(diverge)) {
    throw new TrainOptionError('diverge must be true, false or a list of metrics such as ["loss"].');
  }
  const seed = given ?? (typeof params?.seed === "number" ? params.seed : 0);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TrainOptionError(`seed must be a whole number from 0 to 2^53 - 1; it is ${String(seed)}.`);
  }
  return {seed};
}
