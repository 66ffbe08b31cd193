import {breathe} from "../../core/breathe.ts";
import {lbfgsFloat64} from "../../core/optimizers/lbfgs/lbfgs.ts";
import type {LbfgsState} from "../../core/optimizers/lbfgs/types.ts";
import {type KanLevel, type KanNetwork, nodeCount} from "../network.ts";
import {AdamFloat64} from "./adam-float64.ts";
import {fitSettings, type KanFitOptions, type KanFitRow, type KanFitSettings} from "./fit-options.ts";
import {forward} from "./forward.ts";
import {updateGrid} from "./grids.ts";
import {Objective, squaredError, trainedOf, withTrained} from "./objective.ts";
import {intoColumns, makePass, type Pass, takeInputs} from "./pass.ts";
import {type KanSamples, type Numbers, rowsOf} from "./samples.ts";

/** Tolerances are as good as none: errors may become as small as float64 has them. */
const TOLERANCE = 1e-32;

/** Longest stretch of evaluations without giving the event loop a turn. */
const TURN_MS = 20;

/**
 * Trains a network on samples in float64: `for await (const row of fitKan(network, {inputs, targets}, {test})) ...`, or
 * `yield*` it in a run. The same options give the same bits. When it is over, `network` of the training is what it came to.
 * @throws ArgumentError, ShapeError
 *
 * @example
 * import {fitKan, kanNetwork} from "petri/kan";
 * import {key} from "petri/core";
 *
 * const inputs = key(1).uniform(400, -1, 1);
 * const targets = Float64Array.from({length: 200}, (_, i) => Math.exp(Math.sin(Math.PI * inputs[2 * i]) + inputs[2 * i + 1] ** 2));
 * const training = fitKan(kanNetwork({width: [2, 3, 1]}), {inputs, targets}, {steps: 10});
 * const rows = [];
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "rmse"}).plot({height: 180, y: {type: "log"}}));
 */
export function fitKan(network: KanNetwork, data: KanSamples, options: KanFitOptions = {}): KanFit {
  return new KanFit(network, data, options);
}

/** A training under way: an async generator of rows that knows its network. */
export class KanFit implements AsyncGenerator<KanFitRow, void, undefined> {
  /** Why the training ended before its last step; undefined otherwise. */
  stopped: string | undefined;
  private now: KanNetwork;
  private readonly settings: KanFitSettings;
  private readonly rows: AsyncGenerator<KanFitRow, void, undefined>;
  private evaluations = 0;
  private lastTurn = performance.now();

  constructor(
    network: KanNetwork,
    private readonly data: KanSamples,
    options: KanFitOptions
  ) {
    this.now = network;
    this.settings = fitSettings(network, data, options);
    this.rows = this.train();
  }

  /** The network after the last step. It is never changed: a later step makes another one. */
  get network(): KanNetwork {
    return this.now;
  }

  next(): Promise<IteratorResult<KanFitRow, void>> {
    return this.rows.next();
  }

  return(): Promise<IteratorResult<KanFitRow, void>> {
    return this.rows.return();
  }

  throw(error: unknown): Promise<IteratorResult<KanFitRow, void>> {
    return this.rows.throw(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async *train(): AsyncGenerator<KanFitRow, void> {
    const {steps, logEvery, test} = this.settings;
    const look = test && this.tester(test);
    const step = this.stepper();
    for (let done = 1; done <= steps && !this.stopped; ++done) {
      const figures = await step(done - 1);
      const isLast = done === steps || this.stopped !== undefined;
      if (done !== 1 && done % logEvery !== 0 && !isLast) continue;
      const {evaluations} = this;
      yield {step: done, progress: done / steps, ...figures, ...(look && {testRmse: look()}), evaluations};
    }
  }

  /** One step after the other, with the optimizer's state between them. */
  private stepper(): (step: number) => Promise<Pick<KanFitRow, "loss" | "rmse" | "penalty">> {
    const {settings} = this;
    const {samples, batchSize, penalty} = settings;
    const move = settings.optimizer === "lbfgs" ? this.lbfgsMove() : this.adamMove();
    let objective: Objective | undefined;
    let {values, places} = trainedOf(this.now, settings.trained);
    return async (step) => {
      settings.signal?.throwIfAborted();
      const batch = batchSize < samples ? this.batch(step) : undefined;
      const movesGrid = settings.movesGrid(step);
      if (movesGrid) {
        this.now = updateGrid(this.now, batch?.inputs ?? this.data.inputs, {blend: settings.blend});
        ({values, places} = trainedOf(this.now, settings.trained));
      }
      if (!objective || movesGrid || batch) {
        const {inputs, targets} = batch ?? this.data;
        objective = new Objective(this.now, inputs, targets as Numbers, {
          samples: batchSize,
          places,
          penalty
        });
      }
      values = await move(objective, values);
      this.now = withTrained(this.now, values, places);
      const {meanSquare, penalty: paid} = objective;
      const loss = meanSquare + penalty.lamb * paid;
      return {loss, rmse: Math.sqrt(meanSquare), ...(penalty.lamb > 0 && {penalty: paid})};
    };
  }

  /** Steps of L-BFGS: each gives the numbers after it, with the objective's figures those at them. */
  private lbfgsMove(): (objective: Objective, values: Float64Array) => Promise<Float64Array> {
    const {learningRate, historySize, iterations, maxEvaluations, movesGrid, batchSize, samples} =
      this.settings;
    const minimizer = lbfgsFloat64({
      ...{learningRate, historySize},
      ...{toleranceGradient: TOLERANCE, toleranceChange: TOLERANCE, leastCurvature: TOLERANCE}
    });
    let state: LbfgsState<Float64Array> | undefined;
    let [steps, stuck] = [0, 0];
    return async (objective, values) => {
      const end = await minimizer.step(
        (at) => this.evaluated(objective, at),
        values,
        state ?? minimizer.init(values),
        {iterations, maxEvaluations}
      );
      state = end.state;
      const isWaiting = batchSize < samples || nextTrue(movesGrid, ++steps, this.settings.steps);
      // A second attempt begins with the gradient's own direction.
      stuck = end.stopped && end.stopped !== "evaluations" ? stuck + 1 : 0;
      if (end.stopped === "not finite" || (stuck > 1 && !isWaiting)) this.stopped = end.stopped;
      objective.evaluate(end.params);
      return end.params;
    };
  }

  private adamMove(): (objective: Objective, values: Float64Array) => Promise<Float64Array> {
    let adam: AdamFloat64 | undefined;
    return async (objective, values) => {
      const [loss, gradient] = await this.evaluated(objective, values);
      if (!Number.isFinite(loss)) {
        this.stopped = "not finite";
        return values;
      }
      adam ??= new AdamFloat64(values.length, this.settings.learningRate);
      return adam.step(values, gradient);
    };
  }

  /** The loss and its gradient, after a turn of the event loop where the last was long ago. */
  private evaluated(
    objective: Objective,
    values: Float64Array
  ): [number, Float64Array] | Promise<[number, Float64Array]> {
    ++this.evaluations;
    if (performance.now() - this.lastTurn <= TURN_MS) return objective.evaluate(values);
    return this.turn().then(() => objective.evaluate(values));
  }

  private async turn(): Promise<void> {
    await breathe();
    this.settings.signal?.throwIfAborted();
    this.lastTurn = performance.now();
  }

  private batch(step: number): {inputs: Float64Array; targets: Float64Array} {
    const {key, samples, batchSize} = this.settings;
    const rows = key.fold(step).permutation(samples).slice(0, batchSize);
    const [inputs, outputs] = widths(this.now);
    return {
      inputs: rowsOf(this.data.inputs, inputs, rows),
      targets: rowsOf(this.data.targets as Numbers, outputs, rows)
    };
  }

  private tester(test: KanSamples): () => number {
    const {testSamples} = this.settings;
    const targets = new Float64Array((test.targets as Numbers).length);
    intoColumns(test.targets as Numbers, testSamples, targets);
    let pass: Pass | undefined;
    return () => {
      pass ??= makePass(this.now, testSamples);
      takeInputs(pass, test.inputs);
      forward(this.now, pass);
      return Math.sqrt(squaredError(pass, targets));
    };
  }
}

/** How many inputs and outputs a network has. */
function widths(network: KanNetwork): [number, number] {
  return [nodeCount(network.levels[0] as KanLevel), nodeCount(network.levels.at(-1) as KanLevel)];
}

/** Whether something is true of a number from `from` on, below `end`. */
function nextTrue(test: (step: number) => boolean, from: number, end: number): boolean {
  for (let step = from; step < end; ++step) if (test(step)) return true;
  return false;
}
