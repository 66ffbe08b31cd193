import type {PlanReport} from "../../gpu/plan/planned-steps.ts";
import type {Dataset} from "../datasets/dataset.ts";
import {tidy} from "../tf.ts";
import {shuffledRows} from "./batches.ts";
import {breathe} from "./breathe.ts";
import {encodeCheckpoint} from "./checkpoint.ts";
import {EarlyStopping} from "./early-stopping.ts";
import {feedOf} from "./feed.ts";
import {evaluationFigures, type Figures, figuresOf} from "./fit-figures.ts";
import {type FitOptions, type FitRow, type Settings, settingsFor} from "./fit-options.ts";
import {makeUpdate} from "./fit-update.ts";
import {goneState} from "./gone-state.ts";
import type {Layer} from "./layer.ts";
import {PlannedTraining} from "./planned-training.ts";
import {resumed} from "./resume.ts";
import {currentRun, type KeptTraining, type Stopped, type TrainingKeeper} from "./run-context.ts";
import {taskFor} from "./task-for.ts";
import {cloneState, disposeState, initTrainState, type TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/**
 * Trains a model on a dataset: `for await (const row of fit(model, data, {test, key})) ...`, or `yield*` it. The same
 * key, data and backend give the same bits. When it is over, read `params` and `dispose()` it; an iteration that throws
 * (an aborted signal, a wrong shape) has freed everything itself. Throws an ArgumentError before the first step where a label
 * is none of the model's classes.
 *
 * @example
 * import {fit, mlp} from "petri/core";
 * import {split, twoMoons} from "petri/datasets";
 *
 * const {train: seen, test: unseen} = split(twoMoons({n: 400}), {test: 0.25});
 * const training = fit(mlp([2, 16, 2]), seen, {test: unseen, epochs: 10, evaluateEvery: 5});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * training.dispose();
 * display(Plot.plot({height: 220, y: {label: "loss"}, marks: [
 *   Plot.lineY(rows, {x: "step", y: "loss", strokeOpacity: 0.4}),
 *   Plot.lineY(rows.filter((row) => row.testLoss), {x: "step", y: "testLoss"})
 * ]}));
 */
export function fit<P extends Params>(model: Layer<P>, data: Dataset, options: FitOptions<P> = {}): Fit<P> {
  return new Fit(model, data, options);
}

/** Longest stretch of steps without giving the event loop a turn. */
const TURN_MS = 20;

/** So many rows may wait for their figures from the GPU while the training goes on. */
const MOST_WAITING = 4;

/** A row without its figures, which are on their way. */
interface WaitingRow {
  row: Omit<FitRow, "loss">;
  figures: Promise<Figures>;
  isThere: boolean;
}

/** A training under way: an async generator of rows that knows its parameters. */
export class Fit<P extends Params = Params> implements AsyncGenerator<FitRow, void, undefined> {
  /** Why the training ended before its last step, at which step; undefined otherwise. */
  stopped: Stopped | undefined;
  private readonly model: Layer<P>;
  private readonly data: Dataset;
  private readonly settings: Settings<P>;
  private stopping: EarlyStopping<P> | undefined;
  /** The run's, in a training worker that may lose its device. */
  private readonly keeper: TrainingKeeper | undefined = currentRun()?.nextTraining();
  /** Rows that came out, as long as somebody keeps the training. */
  private readonly given: FitRow[] = [];
  /** The evaluations of the last step, while they go on. */
  private evaluating: Promise<unknown> | undefined;
  private readonly rows: AsyncGenerator<FitRow, void, undefined>;
  /** Before the first step and after the last. */
  private held: TrainState<P>;
  private training: PlannedTraining<P> | undefined;
  private lastPlan: PlanReport | undefined;

  constructor(model: Layer<P>, data: Dataset, options: FitOptions<P>) {
    const settings = settingsFor(model, data, options);
    const {saved, state, params, optimizer, key, earlyStopping} = settings;
    const fresh = () =>
      initTrainState(
        params ?? model.init(key.fold(0), data.inputShape),
        optimizer,
        model,
        data.inputShape,
        key.fold(3)
      );
    this.held = saved?.state ?? tidy(() => (state ? cloneState(state) : fresh()));
    this.stopping = earlyStopping && new EarlyStopping(earlyStopping, saved?.stopping);
    this.heed(!this.stopping?.isOver, "early stopping");
    this.model = model;
    this.data = data;
    this.settings = settings;
    this.rows = this.train();
  }

  /**
   * Parameters, the states of layers and the optimizer's after the last step; they are freed by the next one. On webgpu the
   * training may be some steps further than the last row that came out; in rows with evaluations and in callbacks it is not.
   */
  get state(): TrainState<P> {
    return this.training?.state ?? this.held;
  }

  /** Whether steps are replayed from a recorded one, and why not; undefined before the first step. */
  get plan(): PlanReport | undefined {
    return this.training?.report ?? this.lastPlan;
  }

  /** The parameters after the last step. */
  get params(): P {
    return this.state.params;
  }

  /**
   * The training as a file that `fit(model, data, {...options, resume})` goes on from with the same bits: parameters, the
   * states of layers and optimizer, the key, the place in the data, and what early stopping has seen.
   */
  async save(): Promise<Uint8Array> {
    // What early stopping has seen belongs to the state only when they are done.
    while (this.evaluating) await this.evaluating;
    const {key, batchSize, rows} = this.settings;
    const {name, hash} = this.data;
    return encodeCheckpoint({
      state: this.state,
      key,
      data: {name, hash, rows, batchSize},
      stopping: this.stopping?.record
    });
  }

  /** Frees the parameters and the states. */
  dispose(): void {
    this.training?.dispose();
    this.training = undefined;
    disposeState(this.held);
    this.stopping?.dispose();
  }

  next(): Promise<IteratorResult<FitRow, void>> {
    return this.rows.next();
  }

  return(): Promise<IteratorResult<FitRow, void>> {
    return this.rows.return();
  }

  throw(error: unknown): Promise<IteratorResult<FitRow, void>> {
    return this.rows.throw(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows.return();
    this.dispose();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async *train(): AsyncGenerator<FitRow, void> {
    const {data, settings} = this;
    const {steps, stepsPerEpoch, batchSize, logEvery, key, metrics, signal, evaluations} = settings;
    const waiting: WaitingRow[] = [];
    let lastTurn = performance.now();
    try {
      const kept = this.keeper?.kept;
      if (kept) yield* this.repeat(kept);
      if (kept?.ended) return;
      const training = this.begin();
      const batches = shuffledRows(data, batchSize, key.fold(1), this.step);
      for (let done = this.step + 1; done <= steps && !this.stopped; ++done) {
        signal?.throwIfAborted();
        const due = evaluations.filter(({isDue}) => isDue(done) || done === steps);
        const isLogged = due.length > 0 || done === 1 || done % logEvery === 0 || done === steps;
        const learningRate = isLogged
          ? settings.optimizer.learningRate?.(training.optimizerCounts)
          : undefined;
        training.update(batches.next().value, isLogged ? (metrics ? "outputs" : "figures") : "nothing");
        const place = {
          step: done,
          epoch: Math.ceil(done / stepsPerEpoch),
          progress: done / steps,
          ...(learningRate !== undefined && {learningRate})
        };
        // Replayed steps need not wait until the figures of one have come from the GPU.
        const mayWait = training.isReplaying && due.length === 0 && !metrics;
        let row: FitRow | undefined;
        if (isLogged && mayWait) waiting.push(this.waitingRow(place));
        else if (isLogged) {
          const figures = await figuresOf(
            (index) => training.take(index),
            metrics,
            this.model.learning?.figures
          );
          yield* this.arrived(waiting);
          row = {...place, ...figures};
        }
        // Callbacks come last: a training that one of them saves or ends has seen all of its step.
        const isOver = row && due.length > 0 && (await this.look(row, due));
        for (const answer of this.callBack(due.length > 0 ? row : undefined)) this.heed(answer);
        this.heed(!isOver, "early stopping");
        if (row && this.keeper) this.given.push({...row});
        const isLate = waiting.length > MOST_WAITING || waiting[0]?.isThere;
        await training.room();
        if (!row && !isLate && performance.now() - lastTurn <= TURN_MS) continue;
        if (this.keeper?.wants(false)) {
          yield* this.arrived(waiting);
          await this.keep(done);
        }
        if (row) yield row;
        else if (isLate) yield* this.arrived(waiting, 1);
        else await breathe();
        lastTurn = performance.now();
      }
      yield* this.arrived(waiting);
      const done = this.step;
      this.restoreBest();
      if (this.keeper?.wants(true)) await this.keep(done, {stopped: this.stopped});
      this.end();
    } catch (error) {
      this.dispose();
      // Figures that are on their way hold tensors until they are there.
      await Promise.allSettled(waiting.map(({figures}) => figures));
      throw error;
    }
  }

  /** Updates made so far. */
  private get step(): number {
    return this.training?.step ?? this.held.step;
  }

  private begin(): PlannedTraining<P> {
    const {model, data, settings} = this;
    const feed = feedOf(data);
    const update = makeUpdate(model, feed, {...settings, task: taskFor(model, data, settings)});
    const {accumulate, optimizer, plan = true, key} = settings;
    const run = {update, optimizer, state: this.held, keys: key.fold(2)};
    this.training = new PlannedTraining(run, feed, {accumulate, plan});
    return this.training;
  }

  /** The state leaves the plan: what was recorded is freed. */
  private end(): void {
    const {training} = this;
    if (!training) return;
    this.held = cloneState(training.state);
    this.lastPlan = training.report;
    this.training = undefined;
    training.dispose();
  }

  private waitingRow(row: Omit<FitRow, "loss">): WaitingRow {
    const training = this.training as PlannedTraining<P>;
    const figures = figuresOf((index) => training.take(index), undefined, this.model.learning?.figures);
    const waiting: WaitingRow = {row, figures, isThere: false};
    const settle = () => {
      waiting.isThere = true;
    };
    figures.then(settle, settle);
    return waiting;
  }

  /** The oldest rows, all of them by default, once their figures are there. */
  private async *arrived(waiting: WaitingRow[], most = waiting.length): AsyncGenerator<FitRow, void> {
    for (const {row, figures} of waiting.splice(0, most)) {
      const whole = {...row, ...(await figures)} as FitRow;
      if (this.keeper) this.given.push({...whole});
      yield whole;
    }
  }

  /** Tells the callbacks of a step; `row` is one with evaluations. */
  private callBack(row: FitRow | undefined): unknown[] {
    const {onStep, onEpoch, onEvaluate, stepsPerEpoch} = this.settings;
    const {step} = this;
    return [
      onStep?.(this.state),
      step % stepsPerEpoch === 0 && onEpoch ? onEpoch(this.state, step / stepsPerEpoch) : undefined,
      row && onEvaluate?.(row, this.state)
    ];
  }

  private async keep(step: number, ended?: KeptTraining["ended"]): Promise<void> {
    const file = await this.save();
    this.keeper?.keep({file, step, rows: [...this.given], ...(ended && {ended})});
  }

  /**
   * Gives the rows of an earlier attempt again, and goes back to its state. The states on the way are gone: whoever
   * computes with one gets a GoneStateError instead of numbers of another step.
   */
  private *repeat({file, step: last, rows, ended}: KeptTraining): Generator<FitRow, void> {
    const {settings, data} = this;
    const saved = resumed<P>(file, this.model, data, settings);
    const gone = goneState(saved.state);
    let isThere = false;
    try {
      const first = this.step;
      const waiting = [...rows];
      for (let step = first + 1; step <= last; ++step) {
        if (step === first + 1) disposeState(this.held);
        this.held = {...gone, step};
        const row = waiting[0]?.step === step ? waiting.shift() : undefined;
        const isDue = settings.evaluations.some((each) => each.isDue(step) || step === settings.steps);
        this.callBack(row && isDue ? {...row} : undefined);
        if (!row) continue;
        this.given.push(row);
        yield {...row};
      }
      disposeState(this.held);
      this.held = saved.state;
      this.stopping?.dispose();
      if (settings.earlyStopping) this.stopping = new EarlyStopping(settings.earlyStopping, saved.stopping);
      this.stopped = ended?.stopped;
      isThere = true;
    } finally {
      if (!isThere) saved.dispose();
    }
  }

  /** A callback's answer: false ends the training. */
  private heed(answer: unknown, by: "early stopping" | "callback" = "callback"): void {
    if (answer === false) this.stopped ??= {by, step: this.step};
  }

  /** Puts the evaluations that are due into a row; true when early stopping then says that it is enough. */
  private async look(row: FitRow, due: Settings<P>["evaluations"]): Promise<boolean> {
    const work = async () => {
      const {model, state, settings} = this;
      Object.assign(row, await evaluationFigures(model, state, due, settings.loss));
      return this.stopping?.see(row, this.state) ?? false;
    };
    const evaluating = work();
    this.evaluating = evaluating;
    try {
      return await evaluating;
    } finally {
      this.evaluating = undefined;
    }
  }

  private restoreBest(): void {
    const best = this.stopping?.goBack();
    if (!best) return;
    this.end();
    disposeState(this.held);
    this.held = best;
  }
}
