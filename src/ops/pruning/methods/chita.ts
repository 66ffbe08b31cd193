import {checkCount, checkNumber} from "../../core/errors.ts";
import {dispose, type Params} from "../../core/tree.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import type {Masks} from "../masks.ts";
import {rounds} from "../schedules.ts";
import {checkEvidence, type Evidence, type WithData} from "../scores/evidence.ts";
import {keepLargest} from "../top-k.ts";
import {
  addSlopes,
  against,
  along,
  type LocalModel,
  localModel,
  masksFrom,
  readWeights,
  withWeights
} from "./local-model.ts";

export interface ChitaOptions extends Evidence {
  /** Share of the prunable weights that become zero, in [0, 1). */
  sparsity: number;
  /** How much a weight's change costs by itself, beside what the examples say; 0.01 by default. */
  ridge?: number;
  /** Steps of hard thresholding at most, 50 by default. */
  iterations?: number;
  /** How often gradients are computed again on the way to the sparsity, 1 by default. */
  stages?: number;
}

/** The weights that stay, with their new values. The caller owns both. */
export interface Chita<P extends Params> {
  params: P;
  masks: Masks;
}

/**
 * CHITA (Benbaki et al. 2023, "Fast as CHITA"): which weights stay and what they become, together. The loss near the weights w0 is taken for
 * the quadratic (1 / 2n) |A (w - w0) + 1|^2 + (ridge / 2) |w - w0|^2, A the gradients [n, weights] of the data's examples, its Hessian the empirical Fisher
 * matrix, which is never formed. It is minimised with at most so many weights that are not zero: iterative hard thresholding with a line search from magnitude's choice,
 * then exactly on the weights that stayed. Biases and all that is not prunable stay as they are. With `stages` the sparsity grows, and gradients are taken
 * anew each time (CHITA++). Left out: the paper's coordinate descent; the last solve is by conjugate gradients where the paper's is by Woodbury's formula.
 * Computes on the CPU in float64; n times weights numbers are held. Throws an ArgumentError where they would be too many.
 *
 * @example
 * import {evaluate, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {applyMasks, chita, prune} from "petri/pruning";
 *
 * const [model, data] = [mlp([2, 24, 2]), twoMoons({n: 200})];
 * const training = fit(model, data, {steps: 200});
 * for await (const row of training);
 * const {params} = await chita(training.params, {sparsity: 0.7, model, data});
 * const byMagnitude = applyMasks(training.params, await prune(training.params, {sparsity: 0.7}));
 * for (const each of [params, byMagnitude]) display(await evaluate(model, each, data));
 * training.dispose();
 */
export async function chita<P extends Params>(params: P, options: ChitaOptions): Promise<Chita<P>> {
  const {sparsity, ridge = 0.01, iterations = 50, stages = 1} = options;
  checkEvidence("chita", ["model", "data"], options);
  checkSparsity(sparsity);
  checkNumber("ridge", ridge, 0);
  checkCount("iterations", iterations);
  checkCount("stages", stages);
  const evidence = options as WithData;
  let weights = await readWeights(params, evidence);
  for (const target of rounds(stages, sparsity)) {
    const at = withWeights(params, evidence, weights);
    try {
      const local = await localModel(at, evidence);
      weights = thin(local, weights, {keep: keptCount(weights.length, target), ridge, iterations});
    } finally {
      dispose(at);
    }
  }
  return {
    params: withWeights(params, evidence, weights),
    masks: masksFrom(
      params,
      evidence,
      Float32Array.from(weights, (w) => Number(w !== 0))
    )
  };
}

interface Thinning {
  keep: number;
  ridge: number;
  iterations: number;
}

/** What minimises the quadratic about `from` with so many weights. */
export function thin(local: LocalModel, from: Float64Array, options: Thinning): Float64Array {
  const {keep, iterations} = options;
  let best = placed(local, from, largest(from, keep), options);
  for (let i = 0; i < iterations; ++i) {
    const slope = gradient(local, from, best, options);
    const next = lineSearch(local, from, best, slope, options);
    if (!next || next.value > best.value * (1 - 1e-7)) break;
    best = next;
  }
  return solveOnSupport(local, from, best.weights, options);
}

interface Place {
  weights: Float64Array;
  /** A (w - w0) + 1. */
  rest: Float64Array;
  value: number;
}

function placed(local: LocalModel, from: Float64Array, weights: Float64Array, {ridge}: Thinning): Place {
  const changes = weights.map((w, i) => w - (from[i] as number));
  const rest = along(local, changes).map((sum) => sum + 1);
  const value = dot(rest, rest) / (2 * local.count) + (ridge / 2) * dot(changes, changes);
  return {weights, rest, value};
}

function gradient(
  local: LocalModel,
  from: Float64Array,
  {weights, rest}: Place,
  {ridge}: Thinning
): Float64Array {
  return weights.map((w, i) => against(local, i, rest) / local.count + ridge * (w - (from[i] as number)));
}

/** The first shorter step that is lower, from four times the one that is best where no weight comes or goes. */
function lineSearch(
  local: LocalModel,
  from: Float64Array,
  place: Place,
  slope: Float64Array,
  options: Thinning
): Place | undefined {
  const within = slope.map((g, i) => (place.weights[i] === 0 ? 0 : g));
  const steps = dot(within, within) > 0 ? within : slope;
  const turned = along(local, steps);
  const curve = dot(turned, turned) / local.count + options.ridge * dot(steps, steps);
  if (!(curve > 0)) return undefined;
  let length = (4 * dot(steps, steps)) / curve;
  for (let tries = 0; tries < 12; ++tries, length /= 2) {
    const moved = place.weights.map((w, i) => w - length * (slope[i] as number));
    const next = placed(local, from, largest(moved, options.keep), options);
    if (next.value < place.value) return next;
  }
  return undefined;
}

/** The largest magnitudes; zeros for the others. */
function largest(weights: Float64Array, keep: number): Float64Array {
  const [mask] = keepLargest([Float32Array.from(weights, Math.abs)], keep) as [Uint8Array];
  return weights.map((w, i) => (mask[i] ? w : 0));
}

/** Conjugate gradients in the weights that are not zero, from where they are. */
function solveOnSupport(
  local: LocalModel,
  from: Float64Array,
  start: Float64Array,
  options: Thinning
): Float64Array {
  const support = Int32Array.from([...start.keys()].filter((i) => start[i] !== 0));
  const weights = start.slice();
  const times = (direction: Float64Array) => {
    const sums = new Float64Array(local.count);
    support.forEach((i, s) => {
      addSlopes(sums, local.slopes, i, direction[s] as number);
    });
    return Float64Array.from(
      support,
      (i, s) => against(local, i, sums) / local.count + options.ridge * (direction[s] as number)
    );
  };
  const {rest} = placed(local, from, weights, options);
  const residual = Float64Array.from(
    support,
    (i) =>
      -against(local, i, rest) / local.count - options.ridge * ((weights[i] as number) - (from[i] as number))
  );
  const direction = residual.slice();
  let length = dot(residual, residual);
  const enough = length * 1e-16;
  for (let step = 0; step < 2 * local.count && length > enough; ++step) {
    const turned = times(direction);
    const bend = dot(direction, turned);
    if (!(bend > 0)) break;
    const pace = length / bend;
    support.forEach((i, s) => {
      weights[i] = (weights[i] as number) + pace * (direction[s] as number);
      residual[s] = (residual[s] as number) - pace * (turned[s] as number);
    });
    const before = length;
    length = dot(residual, residual);
    direction.forEach((d, s) => {
      direction[s] = (residual[s] as number) + (length / before) * d;
    });
  }
  return weights;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
