import type {PlanReport} from "../../gpu/plan/planned-steps.ts";
import type {Dataset} from "../datasets/dataset.ts";
import {tidy} from "../tf.ts";
import {shuffledRows} from "./batches.ts";
import {breathe} from "./breathe.ts";
import {feedOf} from "./feed.ts";
import {checkOptionsOfRuns, checkShared, checkStates} from "./fit-all-checks.ts";
import {evaluationFigures, figuresOf} from "./fit-figures.ts";
import {type FitOptions, type FitRow, type Settings, settingsFor} from "./fit-options.ts";
import {makeUpdate} from "./fit-update.ts";
import type {Layer} from "./layer.ts";
import {PackedTraining} from "./packed-training.ts";
import {taskFor} from "./task-for.ts";
import {cloneState, disposeState, initTrainState, type TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/** A row of one of several trainings. */
export type RunRow = FitRow & {
  /** Which one, from 0. */
  run: number;
};

/** What `fit` takes, without what makes one run go another way than the others. */
export type RunOptions<P extends Params = Params> = Omit<
  FitOptions<P>,
  "resume" | "onStep" | "onEpoch" | "onEvaluate" | "earlyStopping"
>;

/**
 * Trains several runs of one shape side by side, as a sweep over seeds, learning rates or sparsities does (what vmap over a
 * training step is in JAX): on webgpu all of them are one recorded step with few dispatches, and each has the bits that
 * `fit(model, data, options)` has alone. Runs may differ in key, params, loss, in the numbers of their optimizers, and in
 * their models where the tensors have the same shapes (one model for each: other rates of dropout). A step takes place in all
 * runs at once. Where they cannot be packed (wasm and cpu, runs that do different operations) they take turns, and `plan` says
 * why. An iteration that throws has freed everything itself; otherwise read `params(run)` and `dispose()`.
 *
 * Throws an ArgumentError when the runs have other steps, batch sizes, logEvery or kinds of optimizers, a ShapeError when their
 * parameters have other shapes.
 *
 * @example
 * import {adam, fitAll, key, mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 400}), {test: 0.25});
 * const rates = [0.001, 0.01, 0.1];
 * const runs = rates.map((learningRate) => ({key: key(1), optimizer: adam({learningRate}), test: unseen, epochs: 10}));
 * const sweep = fitAll(mlp([2, 16, 2]), seen, runs);
 * const rows = [];
 * for await (const row of sweep) rows.push({...row, rate: rates[row.run]});
 * sweep.dispose();
 * display(Plot.lineY(rows, {x: "step", y: "loss", stroke: (row) => String(row.rate)}).plot({height: 220, color: {legend: true}}));
 */
export function fitAll<P extends Params>(
  model: Layer<P> | readonly Layer<P>[],
  data: Dataset,
  runs: readonly RunOptions<P>[]
): FitAll<P> {
  return new FitAll(model, data, runs);
}

/** Longest stretch of steps without giving the event loop a turn. */
const TURN_MS = 20;

/** So many steps may wait for their figures from the GPU while the training goes on. */
const MOST_WAITING = 4;

/** One of the trainings. */
interface Run<P extends Params> {
  index: number;
  model: Layer<P>;
  settings: Settings<P>;
  batches: Iterator<Int32Array, never>;
}

/** Trainings under way: an async generator of the rows of all, step by step. */
export class FitAll<P extends Params = Params> implements AsyncGenerator<RunRow, void, undefined> {
  private readonly data: Dataset;
  private readonly runs: readonly Run<P>[];
  private readonly rows: AsyncGenerator<RunRow, void, undefined>;
  /** Before the first step and after the last. */
  private held: readonly TrainState<P>[];
  private training: PackedTraining<P> | undefined;
  private lastPlan: PlanReport | undefined;

  constructor(model: Layer<P> | readonly Layer<P>[], data: Dataset, options: readonly RunOptions<P>[]) {
    const models = Array.isArray(model)
      ? (model as readonly Layer<P>[])
      : options.map(() => model as Layer<P>);
    checkOptionsOfRuns(options, models.length);
    const settings = options.map((own, i) => settingsFor(models[i] as Layer<P>, data, own));
    checkShared(settings);
    this.held = settings.map(({state, params, optimizer, key}, i) =>
      tidy(() => {
        const own = models[i] as Layer<P>;
        return state
          ? cloneState(state)
          : initTrainState(
              params ?? own.init(key.fold(0), data.inputShape),
              optimizer,
              own,
              data.inputShape,
              key.fold(3)
            );
      })
    );
    try {
      checkStates(this.held);
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.data = data;
    this.runs = settings.map((own, index) => ({
      index,
      model: models[index] as Layer<P>,
      settings: own,
      batches: shuffledRows(data, own.batchSize, own.key.fold(1), this.held[index]?.step)
    }));
    this.rows = this.train();
  }

  /** Parameters and states of a run after its last step; they are freed by the next one. */
  state(run: number): TrainState<P> {
    return this.training?.state(run) ?? (this.held[run] as TrainState<P>);
  }

  /** The parameters of a run after its last step. */
  params(run: number): P {
    return this.state(run).params;
  }

  /** Whether the steps of all runs are replayed as one, and why not; undefined before the first step. */
  get plan(): PlanReport | undefined {
    return this.training?.report ?? this.lastPlan;
  }

  /** Frees the parameters and the states of all runs. */
  dispose(): void {
    this.training?.dispose();
    this.training = undefined;
    for (const state of this.held) disposeState(state);
  }

  next(): Promise<IteratorResult<RunRow, void>> {
    return this.rows.next();
  }

  return(): Promise<IteratorResult<RunRow, void>> {
    return this.rows.return();
  }

  throw(error: unknown): Promise<IteratorResult<RunRow, void>> {
    return this.rows.throw(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows.return();
    this.dispose();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async *train(): AsyncGenerator<RunRow, void> {
    const {runs} = this;
    const {steps} = (runs[0] as Run<P>).settings;
    const waiting: Waiting[] = [];
    let lastTurn = performance.now();
    try {
      const training = this.begin();
      while (training.step < steps) {
        for (const {settings} of runs) settings.signal?.throwIfAborted();
        const logged = runs.filter((run) => isLogged(run, training.step + 1));
        const places = logged.map((run) => placeOf(run, training));
        const hasMetrics = logged.some(({settings}) => settings.metrics);
        const wanted = logged.length === 0 ? "nothing" : hasMetrics ? "outputs" : "figures";
        training.update(
          runs.map(({batches}) => batches.next().value),
          wanted
        );
        const isSeen = logged.some((run) => dueOf(run, training.step).length > 0);
        if (logged.length > 0) waiting.push(watched(this.rowsOf(logged, places)));
        // Replayed steps need not wait until the figures of one have come from the GPU.
        const mustWait = isSeen || hasMetrics || !training.isReplaying;
        await training.room();
        while (waiting.length > 0 && (mustWait || waiting[0]?.isThere || waiting.length > MOST_WAITING)) {
          yield* await (waiting.shift() as Waiting).rows;
          lastTurn = performance.now();
        }
        if (performance.now() - lastTurn <= TURN_MS) continue;
        await breathe();
        lastTurn = performance.now();
      }
      for (const {rows} of waiting.splice(0)) yield* await rows;
      this.end();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  private begin(): PackedTraining<P> {
    const {data, runs, held} = this;
    const feed = feedOf(data);
    const each = runs.map(({model, settings}, i) => ({
      update: makeUpdate(model, feed, {...settings, task: taskFor(model, data, settings)}),
      optimizer: settings.optimizer,
      state: held[i] as TrainState<P>,
      keys: settings.key.fold(2)
    }));
    const {accumulate, plan = true} = (runs[0] as Run<P>).settings;
    this.training = new PackedTraining(each, feed, {accumulate, plan});
    return this.training;
  }

  /** The states leave the plan: what was recorded is freed. */
  private end(): void {
    const {training} = this;
    if (!training) return;
    this.held = this.runs.map(({index}) => cloneState(training.state(index)));
    this.lastPlan = training.report;
    this.training = undefined;
    training.dispose();
  }

  /** The rows of runs that log the last step, with its figures and those of the evaluations that are due. */
  private async rowsOf(logged: readonly Run<P>[], places: readonly Place[]): Promise<RunRow[]> {
    const training = this.training as PackedTraining<P>;
    const figures = await Promise.all(
      logged.map(({index, model, settings}) =>
        figuresOf((each) => training.take(each, index), settings.metrics, model.learning?.figures)
      )
    );
    const rows: RunRow[] = [];
    for (const [i, run] of logged.entries()) {
      const {index, model, settings} = run;
      const place = places[i] as Place;
      const row = {run: index, ...place, ...(figures[i] as FitRow)};
      const due = dueOf(run, place.step);
      const seen =
        due.length > 0 ? await evaluationFigures(model, training.state(index), due, settings.loss) : {};
      rows.push({...row, ...seen});
    }
    return rows;
  }
}

type Place = Pick<FitRow, "step" | "epoch" | "progress" | "learningRate">;

interface Waiting {
  rows: Promise<RunRow[]>;
  isThere: boolean;
}

function watched(rows: Promise<RunRow[]>): Waiting {
  const waiting = {rows, isThere: false};
  const settle = () => {
    waiting.isThere = true;
  };
  rows.then(settle, settle);
  return waiting;
}

function dueOf<P extends Params>({settings}: Run<P>, step: number): Settings<P>["evaluations"] {
  return settings.evaluations.filter(({isDue}) => isDue(step) || step === settings.steps);
}

function isLogged<P extends Params>(run: Run<P>, step: number): boolean {
  const {logEvery, steps} = run.settings;
  return step === 1 || step === steps || step % logEvery === 0 || dueOf(run, step).length > 0;
}

/** What a row says of the step that comes next. */
function placeOf<P extends Params>({index, settings}: Run<P>, training: PackedTraining<P>): Place {
  const {optimizer, steps, stepsPerEpoch} = settings;
  const step = training.step + 1;
  const learningRate = optimizer.learningRate?.(training.optimizerCounts(index));
  return {
    step,
    epoch: Math.ceil(step / stepsPerEpoch),
    progress: step / steps,
    ...(learningRate !== undefined && {learningRate})
  };
}
