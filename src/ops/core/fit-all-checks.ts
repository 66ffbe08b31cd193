// Whether runs can be trained side by side.
import type {Tensor} from "../tf.ts";
import {ArgumentError, ShapeError} from "./errors.ts";
import type {Settings} from "./fit-options.ts";
import type {TrainState} from "./train-step.ts";
import {entries, type Params, type Tree} from "./tree.ts";

/** All runs make their steps at once: these are the same for all. */
const SHARED = ["steps", "batchSize", "logEvery", "accumulate", "plan"] as const;

/** One run cannot end or turn back while the others go on. */
const ALONE = ["resume", "onStep", "onEpoch", "onEvaluate", "earlyStopping"];

/** Throws an ArgumentError where there are no runs, other numbers of models, or options that one run has to itself. */
export function checkOptionsOfRuns(options: readonly object[], models: number): void {
  if (options.length === 0)
    throw new ArgumentError("fitAll trains at least one run, got none: pass the options of each.");
  if (models !== options.length)
    throw new ArgumentError(
      `fitAll takes one model for all runs or one for each: there are ${options.length} runs and ${models} models.`
    );
  for (const [run, own] of options.entries()) {
    const alone = ALONE.find((name) => name in own);
    if (alone)
      throw new ArgumentError(
        `fitAll has no option ${alone}, which run ${run} has: train that run with fit.`
      );
  }
}

/** Throws an ArgumentError for what the runs have to share and do not. */
export function checkShared<P extends Params>(settings: readonly Settings<P>[]): void {
  const first = settings[0] as Settings<P>;
  for (const [run, own] of settings.entries()) {
    const other = SHARED.find((name) => own[name] !== first[name]);
    if (other)
      throw new ArgumentError(
        `The runs of fitAll go step by step together and have the same ${other}: it is ${first[other]} in run 0 and ${own[other]} in run ${run}.`
      );
  }
}

/** Throws a ShapeError where a run has parameters or states of other shapes, an ArgumentError where it has other ones. */
export function checkStates(states: readonly TrainState[]): void {
  const [first, ...others] = states.map(described);
  for (const [i, own] of others.entries()) {
    const run = i + 1;
    for (const path of new Set([...(first?.keys() ?? []), ...own.keys()])) {
      const [here, there] = [first?.get(path), own.get(path)];
      if (here === there) continue;
      if (here === undefined || there === undefined)
        throw new ArgumentError(
          `The runs of fitAll have the same layers and kinds of optimizers: only run ${here === undefined ? run : 0} has ${path}, run ${here === undefined ? 0 : run} has not.`
        );
      throw new ShapeError(
        `${path} is ${here} in run 0 and ${there} in run ${run}: the runs of fitAll have the same shapes. Train them with fit.`
      );
    }
  }
}

/** Shapes and types by path. A number is one that counts steps: all runs begin at the same one. */
function described({params, optimizerState, modelState, step}: TrainState): Map<string, string> {
  const tree = {params, optimizerState, modelState, step} as Tree<Pick<Tensor, "shape" | "dtype"> | number>;
  return new Map(
    entries(tree).map(({path, leaf}) => [
      path,
      typeof leaf === "number" ? String(leaf) : `[${leaf.shape}] ${leaf.dtype}`
    ])
  );
}
