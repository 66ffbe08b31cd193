// One step of training as a function, and the state that goes from step to step.
import {type Scalar, type Tensor, tidy} from "../tf.ts";
import {valueAndGrad} from "./grad.ts";
import type {Key} from "./key.ts";
import {initState, type Layer, type ModelState, type Shape} from "./layer.ts";
import {type Optimizer, type OptimizerState, stepOptimizer} from "./optimizers/optimizer.ts";
import {clone, dispose, leaves, type Params, type Tree} from "./tree.ts";

/** What a training loop carries from step to step. */
export interface TrainState<P extends Params = Params> {
  readonly params: P;
  readonly optimizerState: OptimizerState;
  /** What layers keep besides parameters, by path (running means of batchNorm); empty for most networks. */
  readonly modelState: ModelState;
  /** Updates made so far. */
  readonly step: number;
}

/**
 * The state before the first step. The parameters are copied: the caller keeps its own. Pass the model and the shape of
 * its inputs when it has layers that keep a state, and a key where some of that is random.
 */
export function initTrainState<P extends Params>(
  params: P,
  optimizer: Optimizer,
  model?: Layer<P>,
  inputShape: Shape = [],
  key?: Key
): TrainState<P> {
  return tidy(() => {
    const optimizerState = optimizer.init(params);
    return {
      params: clone((optimizer.start?.(params, optimizerState) ?? params) as P),
      optimizerState,
      modelState: model ? initState(model as Layer, inputShape, key) : {},
      step: 0
    };
  });
}

/** A copy that lives on when the original is used up. */
export function cloneState<P extends Params>(state: TrainState<P>): TrainState<P> {
  return {
    ...state,
    params: clone(state.params),
    optimizerState: clone(state.optimizerState),
    modelState: clone(state.modelState)
  };
}

/** What one step returns; its tensors belong to the caller. */
export interface StepResult<P extends Params, X> {
  state: TrainState<P>;
  loss: Scalar;
  aux: X;
}

/**
 * One step of gradient descent as a function: `const step = trainStep(loss, optimizer)`, then
 * `({state, loss} = step(state, x, y))`. The state that goes in is used up: what the new one does not share is freed.
 * The loss returns a scalar, or [scalar, aux] where aux is a tree of further results (logits, say).
 *
 * @example
 * import {adam, initTrainState, key, mlp, softmaxCrossEntropy, tf, trainStep} from "petri/core";
 * import {xor} from "petri/datasets";
 *
 * const {inputs, labels} = xor({n: 200});
 * const [x, y] = [tf.tensor2d(inputs, [200, 2]), tf.tensor1d(labels, "int32")];
 * const model = mlp([2, 16, 2]);
 * const optimizer = adam({learningRate: 0.02});
 * const step = trainStep((params, x, y) => softmaxCrossEntropy(model.apply(params, x), y), optimizer);
 * let state = initTrainState(model.init(key(0)), optimizer);
 * const losses = d3.range(150).map(() => {
 *   const result = step(state, x, y);
 *   state = result.state;
 *   return result.loss.arraySync();
 * });
 * display(Plot.lineY(losses).plot({height: 180, x: {label: "step"}, y: {label: "loss"}}));
 */
export function trainStep<P extends Params, A extends unknown[], X extends Tree<Tensor | number> = []>(
  loss: (params: P, ...args: A) => Tensor | [Tensor, X],
  optimizer: Optimizer
): (state: TrainState<P>, ...args: A) => StepResult<P, X> {
  const withAux = (params: P, ...args: A): [Tensor, X] => {
    const out = loss(params, ...args);
    return Array.isArray(out) ? out : [out, [] as Tree<Tensor | number> as X];
  };
  const gradients = valueAndGrad(withAux, {hasAux: true});
  return (state, ...args) => {
    const result = tidy(() => {
      const [[value, aux], grads] = gradients(state.params, ...args);
      return {state: applyGradients(state, grads, optimizer), loss: value, aux};
    });
    disposeState(state, result.state);
    return result;
  };
}

/** The state after one update by these gradients, as flax's TrainState.apply_gradients. It shares what did not change. */
export function applyGradients<P extends Params>(
  state: TrainState<P>,
  grads: P,
  optimizer: Optimizer
): TrainState<P> {
  const next = stepOptimizer(optimizer, grads, state.optimizerState, state.params);
  return {...state, params: next.params, optimizerState: next.state, step: state.step + 1};
}

/** Frees a state's tensors, except those that `keep` shares with it. */
export function disposeState(state: TrainState, keep?: TrainState): void {
  const parts = ({params, optimizerState, modelState}: TrainState) => [params, optimizerState, modelState];
  const kept = keep ? leaves<Tensor | number>(parts(keep) as Tree<Tensor | number>) : [];
  dispose(parts(state) as Tree<Tensor | number>, kept);
}
