// Networks that solve differential equations: damped Gauss-Newton steps on how far they are from what must hold.
import {breathe} from "../../core/breathe.ts";
import {ArgumentError, checkCount, checkNumber, ShapeError} from "../../core/errors.ts";
import {dampedSteps} from "../gauss-newton/damped-steps.ts";
import {checkUnknowns} from "../gauss-newton/fit.ts";
import {NormalEquations} from "../gauss-newton/normal-equations.ts";
import {trainedOf, withTrained} from "../network/objective.ts";
import {countInputs} from "../network/samples.ts";
import type {KanNetwork} from "../network.ts";
import {checkOptionNames} from "../option-names.ts";
import {type Condition, ConditionResiduals} from "./condition-residuals.ts";
import {outputCount} from "./jets.ts";

/** How `fitEquation` trains. */
export interface EquationOptions {
  /** Steps at most, 50 by default. */
  steps?: number;
  /** Ends the training: the iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** What comes out of a step. */
export interface EquationRow {
  /** Steps made, from 1. */
  step: number;
  /** Share of the steps made, 0 to 1. */
  progress: number;
  /** The sum over conditions of weight times the mean of squares, after the step. */
  loss: number;
  /** The network after the step. */
  network: KanNetwork;
}

const OPTIONS: Readonly<Record<keyof EquationOptions, true>> = {steps: true, signal: true};

const PARTS: Readonly<Record<keyof Condition, true>> = {
  inputs: true,
  value: true,
  slopes: true,
  curvatures: true,
  right: true,
  weight: true
};

/**
 * Fits a network's coefficients to conditions on its output and its first and second derivatives, in float64: a linear
 * differential equation inside, values at the boundary. Splines must be of order 3 at least for second derivatives.
 * It ends before `steps` where the loss falls no further. @throws ArgumentError, ShapeError
 *
 * @example
 * import {fitEquation, kanNetwork, predict} from "petri/kan";
 *
 * // u'' = -u with u(0) = 0 and u(1) = sin 1: u is the sine.
 * const inside = Float64Array.from({length: 60}, (_, i) => (i + 0.5) / 60);
 * const conditions = [
 *   {inputs: inside, value: 1, curvatures: [1], right: new Float64Array(60)},
 *   {inputs: Float64Array.of(0, 1), value: 1, right: [0, Math.sin(1)]}
 * ];
 * const rows = [];
 * for await (const row of fitEquation(kanNetwork({width: [1, 1], grid: 10, range: [0, 1]}), conditions)) rows.push(row);
 * display(predict(rows.at(-1).network, [0.5])[0] - Math.sin(0.5));
 */
export async function* fitEquation(
  network: KanNetwork,
  conditions: readonly Condition[],
  options: EquationOptions = {}
): AsyncGenerator<EquationRow, void> {
  checkOptionNames("fitEquation", options, OPTIONS);
  const {steps = 50, signal} = options;
  checkCount("steps", steps);
  checkConditions(network, conditions);
  const {values, places} = trainedOf(network, ["coefficients"]);
  checkUnknowns(places.length);
  const residuals = new ConditionResiduals(network, conditions, places);
  let step = 0;
  for (const {values: now, sum} of dampedSteps(residuals, values, new NormalEquations(places.length))) {
    step++;
    yield {step, progress: step / steps, loss: sum, network: withTrained(network, now, places)};
    if (step === steps) return;
    await breathe();
    signal?.throwIfAborted();
  }
}

function checkConditions(network: KanNetwork, conditions: readonly Condition[]): void {
  if (outputCount(network) !== 1)
    throw new ArgumentError(
      `fitEquation is for networks with one output, this one has ${outputCount(network)}.`
    );
  if (conditions.length === 0) throw new ArgumentError("fitEquation needs a condition at least, got none.");
  const inputs = network.layers[0]?.inputs as number;
  conditions.forEach((condition, c) => {
    checkOptionNames(`conditions[${c}]`, condition, PARTS);
    const samples = countInputs(network, condition.inputs, `conditions[${c}].inputs`);
    if (condition.right.length !== samples)
      throw new ShapeError(
        `conditions[${c}].right must have a number for each of ${samples} samples, got ${condition.right.length}.`
      );
    for (const name of ["slopes", "curvatures"] as const) {
      const factors = condition[name];
      if (factors && factors.length !== inputs)
        throw new ShapeError(
          `conditions[${c}].${name} must have a factor for each of ${inputs} inputs, got ${factors.length}.`
        );
      factors?.forEach((factor) => {
        checkNumber(`conditions[${c}].${name}`, factor);
      });
    }
    checkNumber(`conditions[${c}].value`, condition.value ?? 0);
    checkNumber(`conditions[${c}].weight`, condition.weight ?? 1, 0);
  });
}
