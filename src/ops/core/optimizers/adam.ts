import {type AdamAttrs, adamStep} from "../../../gpu/kernels/adam.ts";
import type {Tensor} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {leaves, type Params, unflatten, zerosLike} from "../tree.ts";
import {type LearningRate, type Optimizer, rateAt} from "./optimizer.ts";

export interface AdamOptions {
  learningRate?: LearningRate;
  beta1?: number;
  beta2?: number;
  /** Added to the root of the second moment, outside the root. */
  eps?: number;
}

type AdamState = {step: number; mu: Params; nu: Params};

/**
 * Adam (Kingma & Ba 2015): mu = beta1 mu + (1 - beta1) g, nu = beta2 nu + (1 - beta2) g^2,
 * p -= learningRate (mu / (1 - beta1^t)) / (sqrt(nu / (1 - beta2^t)) + eps), t from 1.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamw({...options, weightDecay: 0});
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019): p -= learningRate (Adam's direction + weightDecay p). */
export function adamw(options: AdamOptions & {weightDecay?: number} = {}): Optimizer {
  const {learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 1e-4} = options;
  checkNumber("beta1", beta1, 0, 1);
  checkNumber("beta2", beta2, 0, 1);
  checkNumber("eps", eps, 0);
  checkNumber("weightDecay", weightDecay, 0);
  const run = (grads: Params, {step, mu, nu}: AdamState, params: Params, keep: 0 | 1) => {
    const learning = rateAt(learningRate, step);
    const attrs: AdamAttrs = {
      rate: learning / (1 - beta1 ** (step + 1)),
      unbias: 1 / (1 - beta2 ** (step + 1)),
      beta1,
      beta2,
      eps,
      decay: learning * weightDecay,
      keep
    };
    const [gradients, mus, nus] = [grads, mu, nu].map((tree) => leaves<Tensor>(tree)) as [
      Tensor[],
      Tensor[],
      Tensor[]
    ];
    const results = leaves<Tensor>(params).map((param, i) =>
      adamStep({param, grad: gradients[i] as Tensor, mu: mus[i] as Tensor, nu: nus[i] as Tensor}, attrs)
    );
    const [tree, nextMu, nextNu] = [0, 1, 2].map((output) =>
      unflatten(
        params,
        results.map((outputs) => outputs[output] as Tensor)
      )
    ) as [Params, Params, Params];
    return {tree, state: {step: step + 1, mu: nextMu, nu: nextNu}};
  };
  return {
    init: (params): AdamState => ({step: 0, mu: zerosLike(params), nu: zerosLike(params)}),
    update(grads, state, params) {
      const next = run(grads, state as AdamState, params, 0);
      return {updates: next.tree, state: next.state};
    },
    step(grads, state, params) {
      const next = run(grads, state as AdamState, params, 1);
      return {params: next.tree, state: next.state};
    }
  };
}
