import {type Tensor, tf} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {map, type Params, zerosLike} from "../tree.ts";
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
  const {learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8} = options;
  checkNumber("beta1", beta1, 0, 1);
  checkNumber("beta2", beta2, 0, 1);
  checkNumber("eps", eps, 0);
  return {
    init: (params): AdamState => ({step: 0, mu: zerosLike(params), nu: zerosLike(params)}),
    update(grads, state) {
      const {step, mu: oldMu, nu: oldNu} = state as AdamState;
      const mix = (beta: number, power: 1 | 2) => (m: Tensor, _path: string, g: Tensor | undefined) =>
        tf.add(tf.mul(m, beta), tf.mul(power === 2 ? tf.square(g as Tensor) : (g as Tensor), 1 - beta));
      const mu = map(mix(beta1, 1), oldMu, grads) as Params;
      const nu = map(mix(beta2, 2), oldNu, grads) as Params;
      const scale = -rateAt(learningRate, step) / (1 - beta1 ** (step + 1));
      const unbias = 1 / (1 - beta2 ** (step + 1));
      const updates = map(
        (m: Tensor, _path, v) => tf.div(tf.mul(m, scale), tf.add(tf.sqrt(tf.mul(v as Tensor, unbias)), eps)),
        mu,
        nu
      );
      return {updates, state: {step: step + 1, mu, nu}};
    }
  };
}
