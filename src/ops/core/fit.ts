import type {Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {type Batch, shuffledBatches} from "./batches.ts";
import {breathe} from "./breathe.ts";
import {checkCount} from "./errors.ts";
import {evaluate, readAndDispose} from "./evaluate.ts";
import {type Key, key as keyOf} from "./key.ts";
import type {Layer} from "./layer.ts";
import {accuracy, softmaxCrossEntropy} from "./losses.ts";
import {adam} from "./optimizers/adam.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import {
  cloneState,
  disposeState,
  initTrainState,
  type StepResult,
  type TrainState,
  trainStep
} from "./train-step.ts";
import type {Params} from "./tree.ts";

export interface FitOptions<P extends Params = Params> {
  /** Passes over the data, 10 by default. */
  epochs?: number;
  /** Updates in all; overrides epochs. A resumed training goes on to the same total. */
  steps?: number;
  /** Rows of data a step, 32 by default. */
  batchSize?: number;
  /** adam() by default. */
  optimizer?: Optimizer;
  /** Mean loss of a batch, softmaxCrossEntropy by default. */
  loss?: (logits: Tensor, labels: Tensor) => Tensor;
  /** Source of the initial parameters, the order of the rows and dropout; key(0) by default. */
  key?: Key;
  /** Parameters to start from; they are copied. Fresh ones by default. */
  params?: P;
  /** Goes on from here, at the same place in the data: the same bits as an unbroken training. It is copied. */
  state?: TrainState<P>;
  /** Called after every update; clone what you want to keep (cloneState). */
  onStep?: (state: TrainState<P>) => void;
  /** Evaluated at the end of every epoch, or every `evaluateEvery` steps, and after the last step. */
  test?: Dataset;
  evaluateEvery?: number;
  /** Steps between the rows that come out, 10 by default; the first and the last step always give one. */
  logEvery?: number;
  /** Stops at the next step boundary: the iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** What comes out: loss and accuracy of the step's batch before its update; test figures after it, where there are any. */
export type FitRow = {
  /** Updates made so far, from 1. */
  step: number;
  epoch: number;
  /** Share of the training done, 0 to 1. */
  progress: number;
  loss: number;
  accuracy: number;
  testLoss?: number;
  testAccuracy?: number;
};

/**
 * Trains a model on a dataset: `for await (const row of fit(model, data, {test, key})) ...`, or `yield*` it. The same
 * key, data and backend give the same bits. When it is over, read `params` and `dispose()` it; an iteration that throws
 * (an aborted signal, a wrong shape) has freed everything itself.
 */
export function fit<P extends Params>(model: Layer<P>, data: Dataset, options: FitOptions<P> = {}): Fit<P> {
  return new Fit(model, data, options);
}

/** Longest stretch of steps without giving the event loop a turn. */
const TURN_MS = 20;

/** A training under way: an async generator of rows that knows its parameters. */
export class Fit<P extends Params = Params> implements AsyncGenerator<FitRow, void, undefined> {
  /** Parameters and optimizer state after the last step; they are freed by the next one. */
  state: TrainState<P>;
  private readonly rows: AsyncGenerator<FitRow, void, undefined>;

  constructor(model: Layer<P>, data: Dataset, options: FitOptions<P>) {
    const settings = settingsFor(data, options);
    const {state, params, optimizer, key} = settings;
    this.state = tidy(() =>
      state
        ? cloneState(state)
        : initTrainState(params ?? model.init(key.fold(0), data.inputShape), optimizer)
    );
    this.rows = this.train(model, data, settings);
  }

  /** The parameters after the last step. */
  get params(): P {
    return this.state.params;
  }

  /** Frees the parameters and the optimizer's state. */
  dispose(): void {
    disposeState(this.state);
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

  private async *train(model: Layer<P>, data: Dataset, options: Settings<P>): AsyncGenerator<FitRow, void> {
    const {steps, stepsPerEpoch, evaluateEvery, batchSize, logEvery, loss, key, test, signal} = options;
    const step: Step<P> = trainStep((params: P, x: Tensor, y: Tensor, stepKey: Key): [Tensor, Tensor] => {
      const logits = model.apply(params, x, {training: true, key: stepKey});
      return [loss(logits, y), logits];
    }, options.optimizer);
    const batches = shuffledBatches(data, batchSize, key.fold(1), this.state.step);
    const stepKeys = key.fold(2);
    let lastTurn = performance.now();
    try {
      for (let done = this.state.step + 1; done <= steps; ++done) {
        signal?.throwIfAborted();
        const evaluated = test && (done % evaluateEvery === 0 || done === steps) ? test : undefined;
        const logged = evaluated || done === 1 || done % logEvery === 0 || done === steps;
        const measured = this.advance(step, batches.next().value, stepKeys.fold(done), logged !== false);
        options.onStep?.(this.state);
        if (measured) {
          const [batchLoss = NaN, batchAccuracy = NaN] = await readAndDispose(measured);
          const epoch = Math.ceil(done / stepsPerEpoch);
          const row = {step: done, epoch, progress: done / steps, loss: batchLoss, accuracy: batchAccuracy};
          yield evaluated ? {...row, ...(await this.test(model, evaluated, loss))} : row;
        } else if (performance.now() - lastTurn > TURN_MS) {
          await breathe();
        } else {
          continue;
        }
        lastTurn = performance.now();
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** One update. The batch is used up; returns [loss, accuracy] when they are wanted. */
  private advance(step: Step<P>, {x, y}: Batch, key: Key, measure: boolean): Tensor | undefined {
    try {
      const {state, loss, aux: logits} = step(this.state, x, y, key);
      this.state = state;
      const measured = measure ? tidy(() => tf.stack([loss, accuracy(logits, y)])) : undefined;
      tf.dispose([loss, logits]);
      return measured;
    } finally {
      tf.dispose([x, y]);
    }
  }

  private async test(model: Layer<P>, data: Dataset, loss: Settings<P>["loss"]) {
    const figures = await evaluate(model, this.params, data, {loss});
    return {testLoss: figures.loss, testAccuracy: figures.accuracy};
  }
}

type Step<P extends Params> = (state: TrainState<P>, x: Tensor, y: Tensor, key: Key) => StepResult<P, Tensor>;

/** Options with their defaults, checked. */
function settingsFor<P extends Params>(data: Dataset, options: FitOptions<P>) {
  const {epochs = 10, batchSize = 32, logEvery = 10} = options;
  const stepsPerEpoch = Math.ceil(data.labels.length / batchSize);
  const {steps = epochs * stepsPerEpoch, evaluateEvery = stepsPerEpoch} = options;
  for (const [name, value] of Object.entries({epochs, batchSize, logEvery, steps, evaluateEvery})) {
    checkCount(name, value);
  }
  const {optimizer = adam(), key = keyOf(0), loss = softmaxCrossEntropy} = options;
  return {...options, batchSize, logEvery, steps, stepsPerEpoch, evaluateEvery, optimizer, key, loss};
}

type Settings<P extends Params> = ReturnType<typeof settingsFor<P>>;
