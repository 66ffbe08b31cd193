import type {Dataset} from "../datasets/dataset.ts";
import {tf, tidy} from "../tf.ts";
import {shuffledRows} from "./batches.ts";
import {breathe} from "./breathe.ts";
import {encodeCheckpoint} from "./checkpoint.ts";
import {EarlyStopping} from "./early-stopping.ts";
import {evaluate, measure} from "./evaluate.ts";
import {type FitOptions, type FitRow, figureName, type Settings, settingsFor} from "./fit-options.ts";
import {makeUpdate, type Updated} from "./fit-update.ts";
import {goneState} from "./gone-state.ts";
import type {Layer} from "./layer.ts";
import {resumed} from "./resume.ts";
import {currentRun, type KeptTraining, type Stopped, type TrainingKeeper} from "./run-context.ts";
import {taskOf} from "./task.ts";
import {cloneState, disposeState, initTrainState, type TrainState} from "./train-step.ts";
import type {Params} from "./tree.ts";

/**
 * Trains a model on a dataset: `for await (const row of fit(model, data, {test, key})) ...`, or `yield*` it. The same
 * key, data and backend give the same bits. When it is over, read `params` and `dispose()` it; an iteration that throws
 * (an aborted signal, a wrong shape) has freed everything itself.
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

/** A training under way: an async generator of rows that knows its parameters. */
export class Fit<P extends Params = Params> implements AsyncGenerator<FitRow, void, undefined> {
  /** Parameters, the states of layers and the optimizer's after the last step; they are freed by the next one. */
  state: TrainState<P>;
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

  constructor(model: Layer<P>, data: Dataset, options: FitOptions<P>) {
    const settings = settingsFor(model, data, options);
    const {saved, state, params, optimizer, key, earlyStopping} = settings;
    const fresh = () =>
      initTrainState(params ?? model.init(key.fold(0), data.inputShape), optimizer, model, data.inputShape);
    this.state = saved?.state ?? tidy(() => (state ? cloneState(state) : fresh()));
    this.stopping = earlyStopping && new EarlyStopping(earlyStopping, saved?.stopping);
    this.heed(!this.stopping?.isOver, "early stopping");
    this.model = model;
    this.data = data;
    this.settings = settings;
    this.rows = this.train();
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
    disposeState(this.state);
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
    const {model, data, settings} = this;
    const {steps, stepsPerEpoch, batchSize, logEvery, key, metrics, signal, evaluations} = settings;
    const task = taskOf(data, settings.loss);
    const update = makeUpdate(model, data, {...settings, task});
    const stepKeys = key.fold(2);
    let lastTurn = performance.now();
    try {
      const kept = this.keeper?.kept;
      if (kept) yield* this.repeat(kept);
      if (kept?.ended) return;
      const batches = shuffledRows(data, batchSize, key.fold(1), this.state.step);
      for (let done = this.state.step + 1; done <= steps && !this.stopped; ++done) {
        signal?.throwIfAborted();
        const due = evaluations.filter(({isDue}) => isDue(done) || done === steps);
        const isLogged = due.length > 0 || done === 1 || done % logEvery === 0 || done === steps;
        const wanted = isLogged ? (metrics ? "outputs" : "figures") : "nothing";
        const learningRate = isLogged
          ? settings.optimizer.learningRate?.(this.state.optimizerState)
          : undefined;
        const updated = update(this.state, batches.next().value, stepKeys.fold(done), wanted);
        this.state = updated.state;
        const place = {step: done, epoch: Math.ceil(done / stepsPerEpoch), progress: done / steps};
        const row: FitRow | undefined = isLogged
          ? {
              ...place,
              ...(await figuresOf(updated, metrics)),
              ...(learningRate !== undefined && {learningRate})
            }
          : undefined;
        // Callbacks come last: a training that one of them saves or ends has seen all of its step.
        const isOver = row && due.length > 0 && (await this.look(row, due));
        for (const answer of this.callBack(due.length > 0 ? row : undefined)) this.heed(answer);
        this.heed(!isOver, "early stopping");
        if (row && this.keeper) this.given.push({...row});
        if (!row && performance.now() - lastTurn <= TURN_MS) continue;
        if (this.keeper?.wants(false)) await this.keep(done);
        if (row) yield row;
        else await breathe();
        lastTurn = performance.now();
      }
      const done = this.state.step;
      this.restoreBest();
      if (this.keeper?.wants(true)) await this.keep(done, {stopped: this.stopped});
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Tells the callbacks of a step; `row` is one with evaluations. */
  private callBack(row: FitRow | undefined): unknown[] {
    const {onStep, onEpoch, onEvaluate, stepsPerEpoch} = this.settings;
    const {step} = this.state;
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
      const first = this.state.step;
      const waiting = [...rows];
      for (let step = first + 1; step <= last; ++step) {
        if (step === first + 1) disposeState(this.state);
        this.state = {...gone, step};
        const row = waiting[0]?.step === step ? waiting.shift() : undefined;
        const isDue = settings.evaluations.some((each) => each.isDue(step) || step === settings.steps);
        this.callBack(row && isDue ? {...row} : undefined);
        if (!row) continue;
        this.given.push(row);
        yield {...row};
      }
      disposeState(this.state);
      this.state = saved.state;
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
    if (answer === false) this.stopped ??= {by, step: this.state.step};
  }

  /** Puts the evaluations that are due into a row; true when early stopping then says that it is enough. */
  private async look(row: FitRow, due: Settings<P>["evaluations"]): Promise<boolean> {
    const work = async () => {
      for (const {name, data, metrics} of due) Object.assign(row, await this.evaluated(name, data, metrics));
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

  private async evaluated(name: string, data: Dataset, metrics: Settings<P>["metrics"]) {
    const {loss} = this.settings;
    const {modelState} = this.state;
    const figures = await evaluate(this.model, this.params, data, {loss, metrics, modelState});
    const present = Object.entries(figures).filter(
      ([key, value]) => key !== "accuracy" || !Number.isNaN(value)
    );
    return Object.fromEntries(present.map(([key, value]) => [figureName(name, key), value]));
  }

  private restoreBest(): void {
    const best = this.stopping?.goBack();
    if (!best) return;
    disposeState(this.state);
    this.state = best;
  }
}

/** The figures of a step's batch; its tensors, besides the state, are freed. */
async function figuresOf<P extends Params>(
  {figures, outputs, wanted}: Updated<P>,
  metrics: Settings<P>["metrics"]
): Promise<{loss: number; accuracy?: number}> {
  try {
    const [loss = NaN, accuracy = NaN] = figures ? await figures.data() : [];
    const further = metrics && outputs && wanted ? await measure(metrics, outputs, wanted) : {};
    return {loss, ...(!Number.isNaN(accuracy) && {accuracy}), ...further};
  } finally {
    for (const tensor of [figures, outputs, wanted]) if (tensor) tf.dispose(tensor);
  }
}
