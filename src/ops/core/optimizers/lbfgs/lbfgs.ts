import {MOST_PAIRS} from "../../../../gpu/kernels/lbfgs-direction.ts";
import type {Tensor} from "../../../tf.ts";
import {checkCount, checkNumber} from "../../errors.ts";
import type {Params, Tree} from "../../tree.ts";
import {float64Vectors} from "./float64-vectors.ts";
import {freshState, isVector, type Settings, walk} from "./iterate.ts";
import {tensorVectors} from "./tensor-vectors.ts";
import type {Float64Loss, LbfgsOptions, LbfgsState, LbfgsStep, MinimizeOptions, Minimum} from "./types.ts";
import type {Vectors} from "./vectors.ts";

/** L-BFGS as a minimiser of a closure: it evaluates the loss as often as its line search needs. */
export interface Lbfgs<P, Loss, V> {
  init(params: P): LbfgsState<V>;
  /**
   * `iterations` iterations, 1 by default, from the parameters, or as many as `maxEvaluations` allow, at least one. The loss is
   * evaluated there first, so that it may be another one than before (a new batch). The old parameters and the old state stay the caller's: `tree.dispose(before, after)`.
   */
  step(
    loss: Loss,
    params: P,
    state: LbfgsState<V>,
    options?: {iterations?: number; maxEvaluations?: number}
  ): Promise<LbfgsStep<P, V>>;
  /** Iterations until a tolerance is met or a limit reached. `params` stay the caller's, and the result is the caller's. */
  minimize(loss: Loss, params: P, options?: MinimizeOptions): Promise<Minimum<P>>;
}

/**
 * L-BFGS (Liu & Nocedal 1989) with a line search for the strong Wolfe conditions, for trees of tensors: the loss is a
 * function of the parameters to a scalar tensor, `await lbfgs().minimize((p) => loss(model.apply(p, x), y), params)`. The
 * steps are those of PyTorch's torch.optim.LBFGS with line_search_fn "strong_wolfe". It wants the whole data, not batches.
 * Float32 ends where losses no longer differ; lbfgsFloat64 goes on. @throws ArgumentError
 *
 * @example
 * import {lbfgs, tf} from "petri/core";
 *
 * const rosenbrock = ({a, b}) => tf.add(tf.mul(100, tf.square(tf.sub(b, tf.square(a)))), tf.square(tf.sub(1, a)));
 * const start = {a: tf.scalar(-1.2), b: tf.scalar(1)};
 * const {params, loss, iterations, stopped} = await lbfgs().minimize(rosenbrock, start);
 * display({a: await params.a.data(), b: await params.b.data(), loss, iterations, stopped});
 */
export function lbfgs<P extends Params = Params>(
  options: LbfgsOptions = {}
): Lbfgs<P, (params: P) => Tensor, Tensor> {
  return minimizer(tensorVectors<P>(), options);
}

/**
 * The same in float64 on the CPU, for a Float64Array or a tree of them: the loss returns its value and its gradient,
 * `lbfgsFloat64().minimize(([x]) => [x ** 2, Float64Array.of(2 * x)], Float64Array.of(3))`. Promises of both will do. @throws ArgumentError
 *
 * @example
 * import {lbfgsFloat64} from "petri/core";
 *
 * const quartic = ([x]) => [(x - 2) ** 4, Float64Array.of(4 * (x - 2) ** 3)];
 * const lowest = await lbfgsFloat64({toleranceGradient: 1e-14}).minimize(quartic, Float64Array.of(5));
 * display({x: lowest.params[0], iterations: lowest.iterations});
 */
export function lbfgsFloat64<P extends Tree<Float64Array> = Float64Array>(
  options: LbfgsOptions = {}
): Lbfgs<P, Float64Loss<P>, Float64Array> {
  return minimizer(float64Vectors<P>(), options);
}

function minimizer<P, Loss, V, S>(vectors: Vectors<P, Loss, V, S>, options: LbfgsOptions): Lbfgs<P, Loss, V> {
  const settings = checked(options);
  return {
    init: () => freshState,
    step: (loss, params, state, {iterations = 1, maxEvaluations = Infinity} = {}) => {
      checkCount("iterations", iterations);
      checkMost(maxEvaluations);
      return walk({vectors, settings, loss, params, state, iterations, maxEvaluations});
    },
    async minimize(loss, params, {maxIterations = 100, maxEvaluations = Infinity, onIteration} = {}) {
      checkCount("maxIterations", maxIterations);
      checkMost(maxEvaluations);
      const end = await walk({
        vectors,
        settings,
        loss,
        params,
        state: freshState,
        iterations: maxIterations,
        maxEvaluations,
        onIteration
      });
      for (const vector of [end.state.s, end.state.y, end.state.gradient, end.state.direction]) {
        if (isVector<V>(vector)) vectors.free(vector);
      }
      const {params: found, loss: lowest, iterations, evaluations, stopped = "iterations"} = end;
      return {params: found, loss: lowest, iterations, evaluations, stopped};
    }
  };
}

function checkMost(maxEvaluations: number): void {
  if (maxEvaluations !== Infinity) checkCount("maxEvaluations", maxEvaluations);
}

function checked(options: LbfgsOptions): Settings {
  const {historySize = 10, learningRate = 1, c1 = 1e-4, c2 = 0.9, maxLineSearch = 25} = options;
  const {toleranceGradient = 1e-7, toleranceChange = 1e-9, leastCurvature = 1e-10} = options;
  checkCount("historySize", historySize);
  checkNumber("historySize", historySize, 1, MOST_PAIRS);
  checkNumber("learningRate", learningRate, Number.MIN_VALUE);
  checkNumber("c1", c1, 0, 1);
  checkNumber("c2", c2, c1, 1);
  checkCount("maxLineSearch", maxLineSearch);
  checkNumber("toleranceGradient", toleranceGradient, 0);
  checkNumber("toleranceChange", toleranceChange, 0);
  checkNumber("leastCurvature", leastCurvature, 0);
  return {
    historySize,
    learningRate,
    c1,
    c2,
    maxLineSearch,
    toleranceGradient,
    toleranceChange,
    leastCurvature
  };
}
