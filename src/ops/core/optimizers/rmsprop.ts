import {chain, type LearningRate, type Optimizer} from "./optimizer.ts";
import {type ScaleByRmsOptions, scaleByRms} from "./scale-by-moments.ts";
import {type SgdOptions, sgd} from "./sgd.ts";

export interface RmspropOptions extends ScaleByRmsOptions, Pick<SgdOptions, "momentum" | "nesterov"> {
  /** 1e-2 by default. */
  learningRate?: LearningRate;
}

/**
 * RMSProp (Tieleman & Hinton 2012): nu = decay nu + (1 - decay) g^2 from 0, u = g / (sqrt(nu) + eps), then
 * v = momentum v + u and p -= learningRate v. See scaleByRms for the centred form and for eps inside the root.
 *
 * @example
 * import {fit, mlp, rmsprop} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 *
 * const training = fit(mlp([2, 16, 2]), twoMoons(), {epochs: 10, optimizer: rmsprop({learningRate: 0.01})});
 * for await (const row of training) if (row.progress === 1) display(row);
 * training.dispose();
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const {learningRate = 1e-2, momentum = 0, nesterov = false, ...scale} = options;
  return chain(scaleByRms(scale), sgd({learningRate, momentum, nesterov}));
}
