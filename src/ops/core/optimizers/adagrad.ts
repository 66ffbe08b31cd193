import {chain, type LearningRate, type Optimizer} from "./optimizer.ts";
import {type ScaleByRssOptions, scaleByRss} from "./scale-by-moments.ts";
import {sgd} from "./sgd.ts";

export interface AdagradOptions extends ScaleByRssOptions {
  /** 1e-2 by default. */
  learningRate?: LearningRate;
}

/**
 * Adagrad (Duchi, Hazan & Singer 2011): nu += g^2, p -= learningRate g / (sqrt(nu) + eps).
 *
 * @example
 * import {adagrad, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 *
 * const training = fit(mlp([2, 16, 2]), twoMoons(), {epochs: 10, optimizer: adagrad({learningRate: 0.1})});
 * for await (const row of training) if (row.progress === 1) display(row);
 * training.dispose();
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const {learningRate = 1e-2, ...scale} = options;
  return chain(scaleByRss(scale), sgd({learningRate}));
}
