// What `fit` can be asked for, and the rows that come out.
import {type Dataset, rowCount} from "../datasets/dataset.ts";
import {checkEarlyStopping, type EarlyStoppingOptions} from "./early-stopping.ts";
import {ArgumentError, checkCount, checkOptions} from "./errors.ts";
import {type Key, key as keyOf} from "./key.ts";
import type {Layer} from "./layer.ts";
import {adam} from "./optimizers/adam.ts";
import {asLayerwise} from "./optimizers/layerwise.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import {resumed} from "./resume.ts";
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
  /**
   * On webgpu, record a step and replay it, with the same bits: true by default. A step that computes with something that
   * changes outside of it, unseen, needs false.
   */
  plan?: boolean;
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

const optionNames: Readonly<Record<keyof FitOptions, true>> = {
  epochs: true,
  steps: true,
  batchSize: true,
  accumulate: true,
  optimizer: true,
  loss: true,
  metrics: true,
  key: true,
  params: true,
  state: true,
  resume: true,
  onStep: true,
  onEpoch: true,
  onEvaluate: true,
  test: true,
  evaluateEvery: true,
  evaluations: true,
  earlyStopping: true,
  logEvery: true,
  plan: true,
  signal: true
};
const scheduleNames: Readonly<Record<keyof EvaluationSchedule, true>> = {
  data: true,
  every: true,
  metrics: true
};

/** Options with their defaults, checked. */
export function settingsFor<P extends Params>(model: Layer<P>, data: Dataset, options: FitOptions<P>) {
  checkOptions("fit", options, optionNames);
  const {epochs = 10, batchSize = 32, logEvery = 10, accumulate = 1, earlyStopping} = options;
  const rows = countRows(data);
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const {steps = epochs * stepsPerEpoch, optimizer: given = adam(), key: wanted = keyOf(0)} = options;
  for (const [name, value] of Object.entries({epochs, batchSize, logEvery, accumulate, steps})) {
    checkCount(name, value);
  }
  checkKinds(options, given);
  const optimizer = model.learning ? asLayerwise(given) : given;
  if (model.learning && accumulate !== 1)
    throw new ArgumentError(
      `${model.name} learns by a rule of its own, which takes a batch whole: leave out \`accumulate\` (got ${accumulate}), or pass a smaller batchSize.`
    );
  if (model.learning && options.loss)
    throw new ArgumentError(
      `${model.name} learns by a rule of its own, with a loss of its own: leave out \`loss\`; further figures go into \`metrics\`.`
    );
  const evaluations = schedules(options, stepsPerEpoch);
  if (earlyStopping) checkEarlyStopping(earlyStopping, figureNames(evaluations, options.metrics));
  const saved = savedTraining(model, data, options, {batchSize, rows, optimizer, key: options.key});
  const key = saved?.key ?? wanted;
  return {
    ...options,
    ...{rows, batchSize, logEvery, accumulate, steps, stepsPerEpoch, optimizer, key, evaluations, saved}
  };
}

function countRows(data: Dataset): number {
  const rows = rowCount(data);
  checkCount(`The number of rows of ${data.name}`, rows);
  return rows;
}

function checkKinds<P extends Params>({key, loss}: FitOptions<P>, optimizer: Optimizer): void {
  if (key !== undefined && typeof key?.fold !== "function")
    throw new ArgumentError(`key must be a key such as key(5), got ${String(key)}.`);
  if (typeof optimizer?.init !== "function" || typeof optimizer.update !== "function")
    throw new ArgumentError(`optimizer must be an optimizer such as adam(), got ${String(optimizer)}.`);
  if (loss !== undefined && typeof loss !== "function")
    throw new ArgumentError(`loss must be a function of outputs and what was wanted, got ${String(loss)}.`);
}

function savedTraining<P extends Params>(
  model: Layer<P>,
  data: Dataset,
  {resume, state, params}: FitOptions<P>,
  now: Parameters<typeof resumed>[3]
) {
  if (!resume) return undefined;
  if (state || params)
    throw new ArgumentError("resume brings its own parameters and state: leave out `params` and `state`.");
  return resumed(resume, model, data, now);
}

export type Settings<P extends Params> = ReturnType<typeof settingsFor<P>>;

function schedules<P extends Params>(options: FitOptions<P>, stepsPerEpoch: number) {
  const {test, evaluateEvery, evaluations = {}} = options;
  const all: Record<string, EvaluationSchedule> = {
    ...(test && {test: {data: test, every: evaluateEvery}}),
    ...evaluations
  };
  return Object.entries(all).map(([name, schedule]) => {
    const {data, every = "epoch", metrics = options.metrics} = schedule;
    checkOptions(`evaluations.${name}`, schedule, scheduleNames);
    countRows(data);
    const isDue = dueAt(
      name === "test" ? "evaluateEvery" : `evaluations.${name}.every`,
      every,
      stepsPerEpoch
    );
    return {name, data, metrics, isDue};
  });
}

/** The figures of an evaluation are named after it: loss of test is testLoss. */
export function figureName(evaluation: string, figure: string): string {
  return `${evaluation}${figure.charAt(0).toUpperCase()}${figure.slice(1)}`;
}

/** The figures that rows with evaluations may have. */
function figureNames(
  evaluations: ReturnType<typeof schedules>,
  metrics: FitOptions["metrics"] = {}
): string[] {
  if (evaluations.length === 0) return [];
  const found = evaluations.flatMap(({name, metrics: own = {}}) =>
    ["loss", "accuracy", ...Object.keys(own)].map((figure) => figureName(name, figure))
  );
  return [...found, "loss", "accuracy", ...Object.keys(metrics)];
}

/** As a function of the step, from 1. */
function dueAt(name: string, when: When, stepsPerEpoch: number): (step: number) => boolean {
  if (typeof when === "function") return when;
  const every = when === "epoch" ? stepsPerEpoch : when;
  checkCount(name, every);
  return (step) => step % every === 0;
}
