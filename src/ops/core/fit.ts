import type {Dataset} from "../datasets/dataset.ts";
import {type Tensor, tf, tidy} from "../tf.ts";
import {shuffledBatches} from "./batches.ts";
import {breathe} from "./breathe.ts";
import {checkCount} from "./errors.ts";
import {evaluate, readAndDispose} from "./evaluate.ts";
import {type Key, key as keyOf} from "./key.ts";
import type {Layer} from "./layer.ts";
import {accuracy, softmaxCrossEntropy} from "./losses.ts";
import {adam} from "./optimizers/adam.ts";
import type {Optimizer} from "./optimizers/optimizer.ts";
import {disposeState, initTrainState, type TrainState, trainStep} from "./train-step.ts";
import type {Params} from "./tree.ts";

export interface FitOptions<P extends Params = Params> {
  /** Passes over the data, 10 by default. */
  epochs?: number;
  /** Updates; overrides epochs. */
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
    const {optimizer = adam(), key = keyOf(0), params} = options;
    this.state = tidy(() => initTrainState(params ?? model.init(key.fold(0), data.inputShape), optimizer));
    this.rows = this.train(model, data, {...options, optimizer, key});
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

  private async *train(
    model: Layer<P>,
    data: Dataset,
    options: FitOptions<P> & {optimizer: Optimizer; key: Key}
  ): AsyncGenerator<FitRow, void, undefined> {
    const {
      epochs = 10,
      batchSize = 32,
      loss = softmaxCrossEntropy,
      logEvery = 10,
      test,
      key,
      signal
    } = options;
    for (const [name, value] of Object.entries({epochs, batchSize, logEvery})) checkCount(name, value);
    const stepsPerEpoch = Math.ceil(data.labels.length / batchSize);
    const {steps = epochs * stepsPerEpoch, evaluateEvery = stepsPerEpoch} = options;
    for (const [name, value] of Object.entries({steps, evaluateEvery})) checkCount(name, value);
    const step = trainStep((params: P, x: Tensor, y: Tensor, stepKey: Key): [Tensor, Tensor] => {
      const logits = model.apply(params, x, {training: true, key: stepKey});
      return [loss(logits, y), logits];
    }, options.optimizer);
    const batches = shuffledBatches(data, batchSize, key.fold(1));
    const stepKey = key.fold(2);
    let lastTurn = performance.now();
    try {
      for (let done = 1; done <= steps; ++done) {
        signal?.throwIfAborted();
        const {x, y} = batches.next().value;
        const result = step(this.state, x, y, stepKey.fold(done));
        this.state = result.state;
        const measured = tf.tidy(() => tf.stack([result.loss, accuracy(result.aux, y)]));
        tf.dispose([x, y, result.loss, result.aux]);
        const evaluated = test && (done % evaluateEvery === 0 || done === steps);
        if (done === 1 || done % logEvery === 0 || done === steps || evaluated) {
          const [batchLoss = NaN, batchAccuracy = NaN] = await readAndDispose(measured);
          const row: FitRow = {
            step: done,
            epoch: Math.ceil(done / stepsPerEpoch),
            progress: done / steps,
            loss: batchLoss,
            accuracy: batchAccuracy
          };
          if (evaluated) {
            const figures = await evaluate(model, this.params, test, {loss});
            row.testLoss = figures.loss;
            row.testAccuracy = figures.accuracy;
          }
          yield row;
          lastTurn = performance.now();
        } else {
          measured.dispose();
          if (performance.now() - lastTurn > TURN_MS) {
            await breathe();
            lastTurn = performance.now();
          }
        }
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }
}
