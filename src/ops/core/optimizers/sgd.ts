import {type SgdAttrs, sgdStep} from "../../../gpu/kernels/sgd.ts";
import {checkNumber} from "../errors.ts";
import {type Params, zerosLike} from "../tree.ts";
import {type LearningRate, type Optimizer, rateAt} from "./optimizer.ts";
import {kernelOptimizer, perTensor} from "./per-tensor.ts";

export interface SgdOptions {
  learningRate: LearningRate;
  /** Share of the last step's velocity that is kept, 0 by default; a function of the step where it changes. */
  momentum?: number | ((step: number) => number);
  /** Look ahead along the velocity (Sutskever et al. 2013). */
  nesterov?: boolean;
}

type SgdState = {step: number; velocity: Params};

/**
 * Stochastic gradient descent: v = momentum v + g; p -= learningRate v, or with nesterov p -= learningRate (g + momentum v).
 *
 * @example
 * import {sgd, stepOptimizer, tf} from "petri/core";
 *
 * const optimizer = sgd({learningRate: 0.1, momentum: 0.9});
 * let params = {w: tf.scalar(1)};
 * let state = optimizer.init(params);
 * const path = Array.from({length: 40}, (_, step) => {
 *   const gradient = {w: params.w.mul(2)};
 *   ({params, state} = stepOptimizer(optimizer, gradient, state, params));
 *   return {step, w: params.w.arraySync()};
 * });
 * display(Plot.lineY(path, {x: "step", y: "w"}).plot({height: 180}));
 */
export function sgd(options: SgdOptions): Optimizer {
  const {learningRate, momentum = 0, nesterov = false} = options;
  const momentumAt = (step: number) => {
    const share = typeof momentum === "function" ? momentum(step) : momentum;
    checkNumber("momentum", share, 0, 1);
    return share;
  };
  if (typeof momentum === "number") momentumAt(0);
  return kernelOptimizer<SgdState>({
    learningRate,
    init: (params) => ({step: 0, velocity: momentum === 0 ? [] : zerosLike(params)}),
    run(grads, {velocity}, params, keep, clock) {
      const later = (ahead: number): SgdAttrs => ({
        learningRate: rateAt(learningRate, clock.at(ahead)),
        momentum: momentumAt(clock.at(ahead)),
        nesterov,
        keep
      });
      const attrs = later(0);
      if (momentum === 0) {
        const [tree] = perTensor(
          1,
          (param, _path, grad) => sgdStep({param, grad}, attrs, later),
          params,
          grads
        );
        return {tree: tree as Params, state: clock.next({velocity})};
      }
      const [tree, next] = perTensor(
        2,
        (param, _path, grad, v) => sgdStep({param, grad, velocity: v}, attrs, later),
        params,
        grads,
        velocity
      ) as [Params, Params];
      return {tree, state: clock.next({velocity: next})};
    }
  });
}
