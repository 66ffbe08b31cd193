import {type AdamAttrs, adamStep} from "../../../gpu/kernels/adam.ts";
import {ArgumentError, checkNumber} from "../errors.ts";
import {type Params, zerosLike} from "../tree.ts";
import {type LearningRate, type Optimizer, rateAt} from "./optimizer.ts";
import {type PathFilter, pathFilter} from "./path-filter.ts";
import {kernelOptimizer, perTensor} from "./per-tensor.ts";

export interface AdamOptions {
  learningRate?: LearningRate;
  beta1?: number;
  beta2?: number;
  /** Added to the root of the second moment, outside the root. */
  eps?: number;
}

/** What optimizers with decoupled weight decay take. */
export interface WeightDecayOptions {
  /** Share of each weight that a step takes away, before it is multiplied by the learning rate. */
  weightDecay?: number;
  /** The parameters that decay, all by default. */
  mask?: PathFilter;
}

type AdamState = {step: number; mu: Params; nu: Params};

/**
 * Adam (Kingma & Ba 2015): mu = beta1 mu + (1 - beta1) g, nu = beta2 nu + (1 - beta2) g^2,
 * p -= learningRate (mu / (1 - beta1^t)) / (sqrt(nu / (1 - beta2^t)) + eps), t from 1.
 *
 * @example
 * import {adam, stepOptimizer, tf, valueAndGrad} from "petri/core";
 *
 * // The lowest point of (w - 3)^2.
 * const optimizer = adam({learningRate: 0.2});
 * const loss = ({w}) => w.sub(3).square();
 * let params = {w: tf.scalar(0)};
 * let state = optimizer.init(params);
 * for (let step = 0; step < 100; ++step) {
 *   const [, slope] = valueAndGrad(loss)(params);
 *   ({params, state} = stepOptimizer(optimizer, slope, state, params));
 * }
 * display(params.w.arraySync());
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamw({...options, weightDecay: 0});
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019): p -= learningRate (Adam's direction + weightDecay p). */
export function adamw(options: AdamOptions & WeightDecayOptions = {}): Optimizer {
  const {learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 1e-4, mask} = options;
  checkShareBelowOne("beta1", beta1);
  checkShareBelowOne("beta2", beta2);
  checkNumber("eps", eps, 0);
  checkNumber("weightDecay", weightDecay, 0);
  const decays = pathFilter(mask);
  return kernelOptimizer<AdamState>({
    learningRate,
    init: (params) => ({step: 0, mu: zerosLike(params), nu: zerosLike(params)}),
    run(grads, {mu, nu}, params, keep, clock) {
      const attrsAt = (at: number, isDecaying: boolean): AdamAttrs => {
        const learning = rateAt(learningRate, at);
        return {
          rate: learning / (1 - beta1 ** (at + 1)),
          unbias: 1 / (1 - beta2 ** (at + 1)),
          beta1,
          beta2,
          eps,
          decay: isDecaying ? learning * weightDecay : 0,
          keep
        };
      };
      const [tree, nextMu, nextNu] = perTensor(
        3,
        (param, path, grad, m, v) => {
          const isDecaying = decays(path, param);
          const later = (ahead: number) => attrsAt(clock.at(ahead), isDecaying);
          return adamStep({param, grad, mu: m, nu: v}, later(0), later);
        },
        params,
        grads,
        mu,
        nu
      ) as [Params, Params, Params];
      return {tree, state: clock.next({mu: nextMu, nu: nextNu})};
    }
  });
}

/** A moment that keeps everything takes nothing in, and 1 - beta^t would be 0. */
function checkShareBelowOne(name: string, value: number): void {
  checkNumber(name, value, 0, 1);
  if (value === 1) throw new ArgumentError(`${name} must be less than 1, got 1.`);
}
