// What `fit` can be asked for, and the rows that come out.
import {type Dataset, rowCount} from "../datasets/dataset.ts";
import {decodeCheckpoint} from "./checkpoint.ts";
import {checkEarlyStopping, type EarlyStoppingOptions} from "./early-stopping.ts";
import {ArgumentError, checkCount} from "./errors.ts";
import {type Key, key as keyOf} from "./key.ts";
import {adam} from "./optimizers/adam.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import type {BatchLoss, Metric} from "./task.ts";
import type {TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/** When something is done: every so many steps, at the end of every epoch, or at the steps (from 1) for which a function says so. */
export type When = number | "epoch" | ((step: number) => boolean);

/** A dataset that is looked at while training goes on. */
export interface EvaluationSchedule {
  data: Dataset;
  /** "epoch" by default. After the last step it is always done. */
  every?: When;
  /** Those of the training by default. */
  metrics?: Readonly<Record<string, Metric>>;
}

export interface FitOptions<P extends Params = Params> {
  /** Passes over the data, 10 by default. */
  epochs?: number;
  /** Updates in all; overrides epochs. A resumed training goes on to the same total. */
  steps?: number;
  /** Rows of data a step, 32 by default. */
  batchSize?: number;
  /** Pieces in which a batch is taken, 1 by default: their gradients are averaged into one update, in so much less memory. */
  accumulate?: number;
  /** adam() by default. Put clipByGlobalNorm before it with chain to clip gradients. */
  optimizer?: Optimizer;
  /** Mean loss of a batch; by default cross-entropy for classes and tokens, mean squared error for targets. */
  loss?: BatchLoss;
  /** Further figures by name, of batches and of evaluations: {r2: (outputs, targets) => ...} gives r2 and testR2. */
  metrics?: Readonly<Record<string, Metric>>;
  /** Source of the initial parameters, the order of the rows and dropout; key(0) by default. */
  key?: Key;
  /** Parameters to start from; they are copied. Fresh ones by default. */
  params?: P;
  /** Goes on from here, at the same place in the data: the same bits as an unbroken training. It is copied. */
  state?: TrainState<P>;
  /** Goes on from what `save()` wrote, with the key of then: the same bits as an unbroken training with the same options. */
  resume?: Uint8Array;
  /** Called after every update; clone what you want to keep (cloneState). With false the training ends here. */
  onStep?: (state: TrainState<P>) => unknown;
  /** Called at the end of every epoch (from 1), as onStep. */
  onEpoch?: (state: TrainState<P>, epoch: number) => unknown;
  /** Called with every row that has evaluations, before it comes out, as onStep. */
  onEvaluate?: (row: FitRow, state: TrainState<P>) => unknown;
  /** Evaluated as `evaluateEvery` says, and after the last step: testLoss, testAccuracy. */
  test?: Dataset;
  /** "epoch" by default. */
  evaluateEvery?: When;
  /** More datasets to look at, each at its own times: {validation: {data, every: 50}} gives validationLoss. */
  evaluations?: Readonly<Record<string, EvaluationSchedule>>;
  /** Ends the training when a figure of an evaluation no longer gets better. */
  earlyStopping?: EarlyStoppingOptions;
  /** Steps between the rows that come out, 10 by default; the first and the last step always give one. */
  logEvery?: number;
  /** Stops at the next step boundary: the iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** What comes out: loss and accuracy of the step's batch before its update; figures of evaluations after it, where there are any. */
export type FitRow = {
  /** Updates made so far, from 1. */
  step: number;
  epoch: number;
  /** Share of the training done, 0 to 1. */
  progress: number;
  loss: number;
  /** Left out where the data has no classes. */
  accuracy?: number;
  testLoss?: number;
  testAccuracy?: number;
  /** The rate of this step, where the optimizer has one that changes. */
  learningRate?: number;
  /** Metrics by name; evaluations put theirs in front: testR2. */
  [metric: string]: number | undefined;
};

/** Options with their defaults, checked. */
export function settingsFor<P extends Params>(data: Dataset, options: FitOptions<P>) {
  const {epochs = 10, batchSize = 32, logEvery = 10, accumulate = 1} = options;
  const rows = rowCount(data);
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const {steps = epochs * stepsPerEpoch, optimizer = adam(), key = keyOf(0)} = options;
  for (const [name, value] of Object.entries({epochs, batchSize, logEvery, steps, accumulate})) {
    checkCount(name, value);
  }
  checkCount(`The number of rows of ${data.name}`, rows);
  if (options.earlyStopping) checkEarlyStopping(options.earlyStopping);
  const evaluations = schedules(options, stepsPerEpoch);
  const settings = {...options, rows, batchSize, logEvery, accumulate, steps, stepsPerEpoch, optimizer, key};
  return {...settings, ...resumed(data, settings, options), evaluations};
}

export type Settings<P extends Params> = ReturnType<typeof settingsFor<P>>;

function schedules<P extends Params>(options: FitOptions<P>, stepsPerEpoch: number) {
  const {test, evaluateEvery, evaluations = {}} = options;
  const all: Record<string, EvaluationSchedule> = {
    ...(test && {test: {data: test, every: evaluateEvery}}),
    ...evaluations
  };
  return Object.entries(all).map(([name, {data, every = "epoch", metrics = options.metrics}]) => ({
    name,
    data,
    metrics,
    isDue: dueAt(name === "test" ? "evaluateEvery" : `evaluations.${name}.every`, every, stepsPerEpoch)
  }));
}

/** As a function of the step, from 1. */
function dueAt(name: string, when: When, stepsPerEpoch: number): (step: number) => boolean {
  if (typeof when === "function") return when;
  const every = when === "epoch" ? stepsPerEpoch : when;
  checkCount(name, every);
  return (step) => step % every === 0;
}

/** What a saved training says about where it was; the options must be those of then. */
function resumed<P extends Params>(
  data: Dataset,
  settings: {batchSize: number; rows: number},
  options: FitOptions<P>
) {
  if (!options.resume) return {saved: undefined};
  if (options.state || options.params) {
    throw new ArgumentError("resume brings its own parameters and state: leave out `params` and `state`.");
  }
  const saved = decodeCheckpoint<P>(options.resume);
  const {batchSize, rows} = saved.data;
  const isSame = batchSize === settings.batchSize && rows === settings.rows;
  const isSameData =
    saved.data.hash === undefined || data.hash === undefined || saved.data.hash === data.hash;
  const isSameKey = !options.key || options.key.words.join() === saved.key.words.join();
  if (isSame && isSameData && isSameKey) return {saved, key: saved.key};
  saved.dispose();
  if (!isSameKey)
    throw new ArgumentError("The saved training has another key: leave out `key`, or pass the one of then.");
  throw new ArgumentError(
    `The saved training took batches of ${batchSize} from ${rows} rows of ${saved.data.name}; now they are ${settings.batchSize} from ${settings.rows} rows of ${data.name}${isSameData ? "" : " with other content"}: its place in the data would be another.`
  );
}
