import {type RmsScaleAttrs, rmsScale} from "../../../gpu/kernels/rms-scale.ts";
import {tf, tidy} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {map, type Params, zerosLike} from "../tree.ts";
import type {Optimizer} from "./optimizer.ts";
import {perTensor} from "./per-tensor.ts";

export interface ScaleByRmsOptions {
  /** Share of the moving averages that a step keeps, 0.9 by default. */
  decay?: number;
  /** 1e-8 by default. */
  eps?: number;
  /** g / sqrt(nu + eps), as TensorFlow and optax have it, instead of g / (sqrt(nu) + eps), as PyTorch. */
  epsInsideRoot?: boolean;
  /** Take the square of the gradient's mean from its mean square: the variance (Graves 2013). */
  centered?: boolean;
}

/**
 * g / (sqrt(nu) + eps) for the moving average nu = decay nu + (1 - decay) g^2, from 0: RMSProp without its learning rate.
 *
 * @example
 * import {chain, scale, scaleByRms, tf} from "petri/core";
 *
 * const optimizer = chain(scaleByRms({decay: 0.9}), scale(-0.1));
 * const params = {w: tf.zeros([3])};
 * const {updates} = optimizer.update({w: tf.tensor1d([1, 10, 100])}, optimizer.init(params), params);
 * display(updates.w.arraySync());
 */
export function scaleByRms(options: ScaleByRmsOptions = {}): Optimizer {
  const {decay = 0.9, eps = 1e-8, epsInsideRoot = false, centered = false} = options;
  checkNumber("decay", decay, 0, 1);
  checkNumber("eps", eps, 0);
  const scaled = scaling({keep: decay, add: 1 - decay, eps, epsInsideRoot});
  return {
    ...scaled,
    init: (params) => ({nu: zerosLike(params), mean: centered ? zerosLike(params) : []})
  };
}

export interface ScaleByRssOptions {
  /** What the sums of squares begin with, 0 by default. */
  initialAccumulator?: number;
  /** 1e-10 by default. */
  eps?: number;
  /** g / sqrt(nu + eps), as TensorFlow and optax have it, instead of g / (sqrt(nu) + eps), as PyTorch. */
  epsInsideRoot?: boolean;
}

/** g / (sqrt(nu) + eps) for the sum nu = nu + g^2: Adagrad without its learning rate. */
export function scaleByRss(options: ScaleByRssOptions = {}): Optimizer {
  const {initialAccumulator = 0, eps = 1e-10, epsInsideRoot = false} = options;
  checkNumber("initialAccumulator", initialAccumulator, 0);
  checkNumber("eps", eps, 0);
  const start = (params: Params) => map((leaf) => tf.fill(leaf.shape, initialAccumulator), params);
  return {
    ...scaling({keep: 1, add: 1, eps, epsInsideRoot}),
    init: (params) => ({nu: start(params), mean: []})
  };
}

type Moments = {nu: Params; mean: Params};

function scaling(attrs: RmsScaleAttrs): Pick<Optimizer, "update"> {
  return {
    update: (grads, state) =>
      tidy(() => {
        const {nu, mean} = state as Moments;
        if (Array.isArray(mean) && mean.length === 0) {
          const [updates, next] = perTensor(2, (grad, _path, v) => rmsScale({grad, nu: v}, attrs), grads, nu);
          return {updates: updates as Params, state: {nu: next as Params, mean}};
        }
        const [updates, nextNu, nextMean] = perTensor(
          3,
          (grad, _path, v, m) => rmsScale({grad, nu: v, mean: m}, attrs),
          grads,
          nu,
          mean
        ) as [Params, Params, Params];
        return {updates, state: {nu: nextNu, mean: nextMean}};
      })
  };
}
