import {type LionAttrs, lionStep} from "../../../gpu/kernels/lion.ts";
import {checkNumber} from "../errors.ts";
import {type Params, zerosLike} from "../tree.ts";
import type {WeightDecayOptions} from "./adam.ts";
import {type LearningRate, type Optimizer, rateAt} from "./optimizer.ts";
import {pathFilter} from "./path-filter.ts";
import {kernelOptimizer, perTensor} from "./per-tensor.ts";

export interface LionOptions extends WeightDecayOptions {
  /** 1e-4 by default: three to ten times less than for Adam. */
  learningRate?: LearningRate;
  beta1?: number;
  beta2?: number;
}

type LionState = {step: number; mu: Params};

/**
 * Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms"): p -= learningRate (sign(beta1 mu +
 * (1 - beta1) g) + weightDecay p), then mu = beta2 mu + (1 - beta2) g. The decay is 0 by default.
 *
 * @example
 * import {fit, lion, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 *
 * const training = fit(mlp([2, 16, 2]), twoMoons(), {epochs: 10, optimizer: lion({learningRate: 0.003})});
 * for await (const row of training) if (row.progress === 1) display(row);
 * training.dispose();
 */
export function lion(options: LionOptions = {}): Optimizer {
  const {learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0, mask} = options;
  checkNumber("beta1", beta1, 0, 1);
  checkNumber("beta2", beta2, 0, 1);
  checkNumber("weightDecay", weightDecay, 0);
  const decays = pathFilter(mask);
  return kernelOptimizer<LionState>({
    learningRate,
    init: (params) => ({step: 0, mu: zerosLike(params)}),
    run(grads, {mu}, params, keep, clock) {
      const attrsAt = (at: number, isDecaying: boolean): LionAttrs => {
        const rate = rateAt(learningRate, at);
        return {learningRate: rate, beta1, beta2, decay: isDecaying ? rate * weightDecay : 0, keep};
      };
      const [tree, nextMu] = perTensor(
        2,
        (param, path, grad, m) => {
          const isDecaying = decays(path, param);
          const later = (ahead: number) => attrsAt(clock.at(ahead), isDecaying);
          return lionStep({param, grad, mu: m}, later(0), later);
        },
        params,
        grads,
        mu
      ) as [Params, Params];
      return {tree, state: clock.next({mu: nextMu})};
    }
  });
}
