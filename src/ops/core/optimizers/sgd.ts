import {type Tensor, tf} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {map, type Params, zerosLike} from "../tree.ts";
import {type LearningRate, type Optimizer, rateAt} from "./optimizer.ts";

export interface SgdOptions {
  learningRate: LearningRate;
  /** Share of the last step's velocity that is kept, 0 by default. */
  momentum?: number;
  /** Look ahead along the velocity (Sutskever et al. 2013). */
  nesterov?: boolean;
}

type SgdState = {step: number; velocity: Params};

/** Stochastic gradient descent: v = momentum v + g; p -= learningRate v, or with nesterov p -= learningRate (g + momentum v). */
export function sgd(options: SgdOptions): Optimizer {
  const {learningRate, momentum = 0, nesterov = false} = options;
  checkNumber("momentum", momentum, 0, 1);
  return {
    init: (params): SgdState => ({step: 0, velocity: momentum > 0 ? zerosLike(params) : []}),
    update(grads, state) {
      const {step, velocity} = state as SgdState;
      const scale = -rateAt(learningRate, step);
      if (momentum === 0) {
        return {updates: map((g: Tensor) => tf.mul(g, scale), grads), state: {step: step + 1, velocity}};
      }
      const push = (v: Tensor, _path: string, g: Tensor | undefined) =>
        tf.add(tf.mul(v, momentum), g as Tensor);
      const next = map(push, velocity, grads) as Params;
      const direction = nesterov ? map(push, next, grads) : next;
      return {
        updates: map((d: Tensor) => tf.mul(d, scale), direction),
        state: {step: step + 1, velocity: next}
      };
    }
  };
}
