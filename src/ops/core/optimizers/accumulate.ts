import {weightedSum} from "../../../gpu/kernels/weighted-sum.ts";
import {type Tensor, tidy} from "../../tf.ts";
import {checkCount} from "../errors.ts";
import {map, type Params, zerosLike} from "../tree.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "./optimizer.ts";

type AccumulateState = {seen: number; mean: Params; inner: OptimizerState};

/**
 * Lets `optimizer` make one update with the mean of `every` gradients in a row, as if they came from one batch of that many
 * times the size; the parameters stay in between. Schedules within count its updates.
 *
 * @example
 * import {accumulate, sgd, stepOptimizer, tf} from "petri/core";
 *
 * const optimizer = accumulate(2, sgd({learningRate: 1}));
 * let now = {params: {w: tf.scalar(0)}, state: optimizer.init({w: tf.scalar(0)})};
 * const seen = [1, 3, 5, 7].map((gradient) => {
 *   now = stepOptimizer(optimizer, {w: tf.scalar(gradient)}, now.state, now.params);
 *   return now.params.w.arraySync();
 * });
 * display(seen);
 */
export function accumulate(every: number, optimizer: Optimizer): Optimizer {
  checkCount("every", every);
  const gather = (grads: Params, {mean}: AccumulateState) =>
    map((sum: Tensor, _path, g) => weightedSum(1, sum, 1 / every, g as Tensor), mean, grads) as Params;
  const isLast = ({seen}: AccumulateState) => seen + 1 === every;
  return {
    learningRate: (state) => optimizer.learningRate?.((state as AccumulateState).inner),
    start: (params, state) => optimizer.start?.(params, (state as AccumulateState).inner) ?? params,
    // In all steps before it too: a step of several updates may come to it in its middle.
    isIrregular: (state) => optimizer.isIrregular?.((state as AccumulateState).inner) === true,
    init: (params): AccumulateState => ({
      seen: 0,
      mean: zerosLike(params),
      inner: optimizer.init(params)
    }),
    update: (grads, before, params) =>
      tidy(() => {
        const state = before as AccumulateState;
        const mean = gather(grads, state);
        if (!isLast(state)) {
          return {updates: zerosLike(grads), state: {...state, seen: state.seen + 1, mean}};
        }
        const {updates, state: inner} = optimizer.update(mean, state.inner, params);
        return {updates, state: {seen: 0, mean: zerosLike(mean), inner}};
      }),
    step: (grads, before, params) =>
      tidy(() => {
        const state = before as AccumulateState;
        const mean = gather(grads, state);
        if (!isLast(state)) return {params, state: {...state, seen: state.seen + 1, mean}};
        const next = stepOptimizer(optimizer, mean, state.inner, params);
        return {params: next.params, state: {seen: 0, mean: zerosLike(mean), inner: next.state}};
      })
  };
}
