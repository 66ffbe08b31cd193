import {weightedSum} from "../../../gpu/kernels/weighted-sum.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {clone, map, type Params} from "../tree.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "./optimizer.ts";
import {type UpdateClock, updateClock} from "./update-clock.ts";

type EmaState = {step: number; ema: Params; inner: OptimizerState};

/**
 * Keeps a moving average of the parameters beside them: after each update, average = decay average + (1 - decay) p, from the
 * first parameters. The training itself is that of `optimizer`; `emaParams` reads the average out of the state. `decay` may
 * be a function of the step from 0: `step => (step + 1) / (step + 2)` gives the plain mean of all parameters so far
 * (Polyak & Juditsky 1992).
 *
 * @example
 * import {ema, emaParams, sgd, stepOptimizer, tf} from "petri/core";
 *
 * const optimizer = ema(sgd({learningRate: 1}), {decay: 0.5});
 * const params = {w: tf.scalar(0)};
 * const next = stepOptimizer(optimizer, {w: tf.scalar(-1)}, optimizer.init(params), params);
 * display({now: next.params.w.arraySync(), average: emaParams(next.state).w.arraySync()});
 */
export function ema(
  optimizer: Optimizer,
  options: {decay?: number | ((step: number) => number)} = {}
): Optimizer {
  const {decay = 0.999} = options;
  const decayAt = (step: number) => {
    const share = typeof decay === "function" ? decay(step) : decay;
    checkNumber("decay", share, 0, 1);
    return share;
  };
  if (typeof decay === "number") decayAt(0);
  const averaged = (clock: UpdateClock, average: Tensor, param: Tensor) => {
    const later = (ahead: number) => {
      const share = decayAt(clock.at(ahead));
      return {weightA: share, weightB: 1 - share};
    };
    const {weightA, weightB} = later(0);
    return weightedSum(weightA, average, weightB, param, later);
  };
  return {
    learningRate: (state) => optimizer.learningRate?.((state as EmaState).inner),
    start: (params, state) => optimizer.start?.(params, (state as EmaState).inner) ?? params,
    isIrregular: (state) => optimizer.isIrregular?.((state as EmaState).inner) === true,
    init: (params): EmaState => ({step: 0, ema: clone(params), inner: optimizer.init(params)}),
    update: (grads, state, params) =>
      tidy(() => {
        const {ema, inner} = state as EmaState;
        const clock = updateClock(state as EmaState);
        const next = optimizer.update(grads, inner, params);
        const afterUpdate = (average: Tensor, param: Tensor, update: Tensor) =>
          averaged(clock, average, weightedSum(1, param, 1, update));
        const average = map(
          (old: Tensor, _path, p, u) => afterUpdate(old, p as Tensor, u as Tensor),
          ema,
          params,
          next.updates
        ) as Params;
        return {updates: next.updates, state: clock.next({ema: average, inner: next.state})};
      }),
    step: (grads, state, params) =>
      tidy(() => {
        const {ema, inner} = state as EmaState;
        const clock = updateClock(state as EmaState);
        const next = stepOptimizer(optimizer, grads, inner, params);
        const average = map(
          (old: Tensor, _path, p) => averaged(clock, old, p as Tensor),
          ema,
          next.params
        ) as Params;
        return {params: next.params, state: clock.next({ema: average, inner: next.state})};
      })
  };
}

/** The averaged parameters in a state of `ema`, also within chain, masked or accumulate. They belong to the state. */
export function emaParams<P extends Params>(state: OptimizerState): P {
  const found = findEma(state);
  if (!found) {
    throw new ArgumentError(
      "emaParams found no average in this state. Wrap the optimizer: ema(adam(), {decay: 0.999})."
    );
  }
  return found as P;
}

function findEma(state: unknown): Params | undefined {
  if (Array.isArray(state)) return firstOf(state);
  if (typeof state !== "object" || state === null || Object.getPrototypeOf(state) !== Object.prototype)
    return undefined;
  if ("ema" in state && "inner" in state) return (state as EmaState).ema;
  return firstOf(Object.values(state));
}

function firstOf(states: readonly unknown[]): Params | undefined {
  for (const each of states) {
    const found = findEma(each);
    if (found) return found;
  }
  return undefined;
}
