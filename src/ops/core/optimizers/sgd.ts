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

/** Stochastic gradient descent: v = momentum v + g; p -= learningRate v, or with nesterov p -= learningRate (g + momentum v). */
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
    run(grads, {step, velocity}, params, keep) {
      const attrs: SgdAttrs = {
        learningRate: rateAt(learningRate, step),
        momentum: momentumAt(step),
        nesterov,
        keep
      };
      if (momentum === 0) {
        const [tree] = perTensor(1, (param, _path, grad) => sgdStep({param, grad}, attrs), params, grads);
        return {tree: tree as Params, state: {step: step + 1, velocity}};
      }
      const [tree, next] = perTensor(
        2,
        (param, _path, grad, v) => sgdStep({param, grad, velocity: v}, attrs),
        params,
        grads,
        velocity
      ) as [Params, Params];
      return {tree, state: {step: step + 1, velocity: next}};
    }
  });
}
