// Links of a chain around an optimizer: clipping, weight decay, scaling, freezing.
import {weightedSum} from "../../../gpu/kernels/weighted-sum.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {leaves, map, type Params, zerosLike} from "../tree.ts";
import type {Optimizer} from "./optimizer.ts";
import {type PathFilter, pathFilter} from "./path-filter.ts";
import {updateClock} from "./update-clock.ts";

/**
 * Adds weightDecay x parameter to the gradient: L2 regularisation when put before an optimizer, decoupled decay after one
 * that does not yet have its learning rate. `mask` chooses the parameters, all by default.
 */
export function addDecayedWeights(weightDecay: number, options: {mask?: PathFilter} = {}): Optimizer {
  checkNumber("weightDecay", weightDecay, 0);
  const decays = pathFilter(options.mask);
  return stateless((grads, params) =>
    map(
      (g: Tensor, path, p) => (decays(path, p as Tensor) ? weightedSum(1, g, weightDecay, p as Tensor) : g),
      grads,
      params
    )
  );
}

/** Limits every entry of the gradients to [-limit, limit]. */
export function clipByValue(limit: number): Optimizer {
  checkNumber("limit", limit, 0);
  return stateless((grads) => map((g: Tensor) => tf.clipByValue(g, -limit, limit), grads));
}

/** Scales each gradient for itself so that its Euclidean norm is at most `maxNorm`. */
export function clipByNorm(maxNorm: number): Optimizer {
  checkPositive("maxNorm", maxNorm);
  return stateless((grads) => map((g: Tensor) => tf.mul(g, shrink(g, maxNorm)), grads));
}

/**
 * Scales all gradients by one number so that their Euclidean norm, taken together, is at most `maxNorm`.
 *
 * @example
 * import {clipByGlobalNorm, tf} from "petri/core";
 *
 * const clip = clipByGlobalNorm(1);
 * const grads = {kernel: tf.tensor1d([3, 0]), bias: tf.scalar(4)};
 * const {updates} = clip.update(grads, clip.init(grads), grads);
 * display(updates.kernel.arraySync());
 * display(updates.bias.arraySync());
 */
export function clipByGlobalNorm(maxNorm: number): Optimizer {
  checkPositive("maxNorm", maxNorm);
  return stateless((grads) => {
    const flat = leaves<Tensor>(grads).map((g) => g.flatten());
    if (flat.length === 0) return grads;
    // One long vector: its norm takes fewer dispatches than a sum for every tensor.
    const scale = shrink(tf.concat(flat), maxNorm);
    return map((g: Tensor) => tf.mul(g, scale), grads);
  });
}

/** min(1, maxNorm / norm). */
function shrink(values: Tensor, maxNorm: number): Tensor {
  return tf.minimum(tf.div(maxNorm, tf.sqrt(tf.sum(tf.square(values)))), 1);
}

/** Multiplies gradients, or updates when put after an optimizer, by a number. */
export function scale(factor: number): Optimizer {
  checkNumber("factor", factor);
  return stateless((grads) => map((g: Tensor) => tf.mul(g, factor), grads));
}

/** Multiplies by what the schedule says for the step, from 0. */
export function scaleBySchedule(schedule: (step: number) => number): Optimizer {
  if (typeof schedule !== "function") {
    throw new ArgumentError(`scaleBySchedule needs a function of the step, got ${String(schedule)}.`);
  }
  return {
    init: () => ({step: 0}),
    update(grads, state) {
      const clock = updateClock(state as {step: number});
      const factor = schedule(clock.at(0));
      checkNumber(`The schedule's value at step ${clock.at(0)}`, factor);
      const later = (ahead: number) => ({weightA: schedule(clock.at(ahead)), weightB: 0});
      const updates = map((g: Tensor) => weightedSum(factor, g, 0, g, later), grads) as Params;
      return {updates, state: clock.next({})};
    }
  };
}

/** Leaves parameters as they are: an optimizer for perPath. */
export function freeze(): Optimizer {
  return {
    init: () => [],
    update: (grads, state) => ({updates: zerosLike(grads), state}),
    step: (_grads, state, params) => ({params, state})
  };
}

function stateless(transform: (grads: Params, params: Params) => unknown): Optimizer {
  return {
    init: () => [],
    update: (grads, state, params) => ({updates: tidy(() => transform(grads, params) as Params), state})
  };
}

function checkPositive(name: string, value: number): void {
  checkNumber(name, value, 0);
  if (value === 0) throw new ArgumentError(`${name} must be above 0, got 0.`);
}
