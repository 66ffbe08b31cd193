// What an optimizer is: gradients become updates; several make a chain.
import {type Tensor, tf, tidy} from "../../tf.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {map, type Params, type Tree} from "../tree.ts";

/** State of an optimizer: a tree of tensors and numbers. */
export type OptimizerState = Tree<Tensor | number>;

/** Updates to add to the parameters, and the state after them. */
export interface Updated {
  updates: Params;
  state: OptimizerState;
}

/**
 * A gradient transformation in the manner of optax. New parameters and states are new trees that may share tensors with the
 * old ones; the caller frees the rest, `tree.dispose(before, after)`.
 */
export interface Optimizer {
  init(params: Params): OptimizerState;
  /** Turns gradients into updates to add to the parameters. */
  update(grads: Params, state: OptimizerState, params: Params): Updated;
  /** update and applyUpdates in one go, where that is faster. */
  step?(grads: Params, state: OptimizerState, params: Params): {params: Params; state: OptimizerState};
  /** The learning rate of the next update, where it is a schedule or a live value; for reports. */
  learningRate?(state: OptimizerState): number | undefined;
  /** The parameters that training begins with, where they are not those given (pruned ones are zero); new tensors, or shared ones. */
  start?(params: Params, state: OptimizerState): Params;
  /**
   * Whether the next step is unlike ordinary ones (masks are chosen anew) and has to be done in ordinary operations, where a
   * recorded step would be replayed. Ordinary steps of a state then all do the same. It reads numbers of the state alone.
   */
  isIrregular?(state: OptimizerState): boolean;
}

/** One update of the parameters by an optimizer's fastest way. */
export function stepOptimizer<P extends Params>(
  optimizer: Optimizer,
  grads: Params,
  state: OptimizerState,
  params: P
): {params: P; state: OptimizerState} {
  return tidy(() => {
    if (optimizer.step) return optimizer.step(grads, state, params) as {params: P; state: OptimizerState};
    const next = optimizer.update(grads, state, params);
    return {params: applyUpdates(params, next.updates), state: next.state};
  });
}

/** A number, or a function of the step (from 0): a schedule, or a getter of a live value. */
export type LearningRate = number | ((step: number) => number);

/** The learning rate of a step. */
export function rateAt(learningRate: LearningRate, step: number): number {
  const rate = typeof learningRate === "function" ? learningRate(step) : learningRate;
  checkNumber("learningRate", rate, 0);
  return rate;
}

/** An optimizer's learningRate for a state that counts its steps; undefined where the rate is one number. */
export function reportedRate(learningRate: LearningRate): Optimizer["learningRate"] {
  if (typeof learningRate === "number") return undefined;
  return (state) => rateAt(learningRate, (state as {step: number}).step);
}

/** params + updates, as optax.apply_updates. */
export function applyUpdates<P extends Params>(params: P, updates: Params): P {
  return map(
    (param: Tensor, _path, update) => tf.add(param, update as Tensor),
    params as Params,
    updates
  ) as P;
}

/**
 * Transformations one after the other: the updates of one are the gradients of the next.
 *
 * @example
 * import {adam, chain, clipByGlobalNorm, fit, mlp} from "petri/core";
 * import {spirals} from "petri/datasets";
 *
 * const optimizer = chain(clipByGlobalNorm(1), adam({learningRate: 0.01}));
 * const training = fit(mlp([2, 32, 2]), spirals({n: 300}), {epochs: 10, optimizer});
 * for await (const row of training) if (row.progress === 1) display(row);
 * training.dispose();
 */
export function chain(...transformations: readonly Optimizer[]): Optimizer {
  const last = transformations.at(-1);
  if (!last) throw new ArgumentError("chain needs at least one transformation, got none.");
  const lastState = (state: OptimizerState) => (state as OptimizerState[]).at(-1) as OptimizerState;
  const stateOf = (state: OptimizerState, i: number) => (state as OptimizerState[])[i] as OptimizerState;
  return {
    init: (params) => transformations.map((each) => each.init(params)),
    learningRate: (state) => last.learningRate?.(lastState(state)),
    start: (params, state) =>
      transformations.reduce((at, each, i) => each.start?.(at, stateOf(state, i)) ?? at, params),
    isIrregular: (state) => transformations.some((each, i) => each.isIrregular?.(stateOf(state, i))),
    update: (grads, state, params) =>
      tidy(() => {
        const {updates, states} = through(transformations, grads, state, params);
        return {updates, state: states};
      }),
    step: (grads, state, params) =>
      tidy(() => {
        const before = through(transformations.slice(0, -1), grads, state, params);
        const next = stepOptimizer(last, before.updates, lastState(state), params);
        return {params: next.params, state: [...before.states, next.state]};
      })
  };
}

function through(
  transformations: readonly Optimizer[],
  grads: Params,
  state: OptimizerState,
  params: Params
): {updates: Params; states: OptimizerState[]} {
  const states: OptimizerState[] = [];
  let updates = grads;
  transformations.forEach((each, i) => {
    const next = each.update(updates, (state as OptimizerState[])[i] as OptimizerState, params);
    updates = next.updates;
    states.push(next.state);
  });
  return {updates, states};
}
