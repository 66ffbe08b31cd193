// Training by damped Gauss-Newton steps: where L-BFGS crawls along the narrow valleys of fine grids, these go down them.
import {breathe} from "../../core/breathe.ts";
import {ArgumentError, checkCount} from "../../core/errors.ts";
import {trainedOf, withTrained} from "../network/objective.ts";
import {TRAINED} from "../network/parameters.ts";
import {predict} from "../network/predict.ts";
import {countSamples, type KanSamples, type Numbers} from "../network/samples.ts";
import type {KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {dampedSteps} from "./damped-steps.ts";
import {NormalEquations} from "./normal-equations.ts";
import {SampleResiduals} from "./sample-residuals.ts";

/** How `fitGaussNewton` trains. */
export interface GaussNewtonOptions {
  /** Steps at most, 50 by default. */
  steps?: number;
  /** Samples that are only looked at. */
  test?: KanSamples;
  /** Ends the training: the iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** What comes out of a step. */
export interface GaussNewtonRow {
  /** Steps made, from 1. */
  step: number;
  /** Share of the steps made, 0 to 1. */
  progress: number;
  /** The root of the mean squared error after the step. */
  rmse: number;
  /** The same of the test samples. */
  testRmse?: number;
  /** Evaluations of the loss so far. */
  evaluations: number;
  /** The network after the step. */
  network: KanNetwork;
}

const OPTIONS: Readonly<Record<keyof GaussNewtonOptions, true>> = {steps: true, test: true, signal: true};

/** A square of that many numbers takes 200 MB, twice. */
const MOST_UNKNOWNS = 5000;

/**
 * Fits coefficients, scales and symbolic numbers of a network to samples by Levenberg and Marquardt's method, in float64: a few dozen steps
 * do what takes L-BFGS thousands, each at the price of an equation system in all numbers (some thousands at most). Rows
 * come out after each step; it ends before `steps` where the error falls no further. Grids stay.
 * @throws ArgumentError, ShapeError
 *
 * @example
 * import {fitGaussNewton, kanNetwork} from "petri/kan";
 *
 * const inputs = Float64Array.from({length: 200}, (_, i) => i / 100 - 1);
 * const targets = inputs.map((x) => Math.sin(4 * x));
 * const rows = [];
 * for await (const row of fitGaussNewton(kanNetwork({width: [1, 1], grid: 10}), {inputs, targets})) rows.push(row);
 * display(rows.at(-1).rmse);
 */
export async function* fitGaussNewton(
  network: KanNetwork,
  data: KanSamples,
  options: GaussNewtonOptions = {}
): AsyncGenerator<GaussNewtonRow, void> {
  checkOptionNames("fitGaussNewton", options, OPTIONS);
  const {steps = 50, test, signal} = options;
  checkCount("steps", steps);
  const samples = countSamples(network, data);
  if (test) countSamples(network, test, "test");
  const {values, places} = trainedOf(network, TRAINED);
  checkUnknowns(places.length);
  const residuals = new SampleResiduals(network, data, samples, places);
  const count = (data.targets as Numbers).length;
  let step = 0;
  for (const {values: now, sum, evaluations} of dampedSteps(
    residuals,
    values,
    new NormalEquations(places.length)
  )) {
    step++;
    const trained = withTrained(network, now, places);
    const rmse = Math.sqrt(sum / count);
    yield {
      step,
      progress: step / steps,
      rmse,
      ...(test && {testRmse: rmseOf(trained, test)}),
      evaluations,
      network: trained
    };
    if (step === steps) return;
    await breathe();
    signal?.throwIfAborted();
  }
}

/** The root of the mean squared error of a network on samples. */
function rmseOf(network: KanNetwork, {inputs, targets}: KanSamples): number {
  const outputs = predict(network, inputs);
  const sum = outputs.reduce((all, value, i) => all + (value - ((targets as Numbers)[i] as number)) ** 2, 0);
  return Math.sqrt(sum / outputs.length);
}

/** Throws where the equations of that many unknowns take too much memory, or are none. */
export function checkUnknowns(count: number): void {
  if (count >= 1 && count <= MOST_UNKNOWNS) return;
  throw new ArgumentError(
    `Gauss-Newton steps solve for 1 to ${MOST_UNKNOWNS} numbers at once, this network has ${count}: ` +
      (count === 0 ? "unfix an edge to train it." : "fitKan trains larger ones.")
  );
}
