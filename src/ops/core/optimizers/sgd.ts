import {type SgdAttrs, sgdStep} from "../../../gpu/kernels/sgd.ts";
import type {Tensor} from "../../tf.ts";
import {checkNumber} from "../errors.ts";
import {leaves, type Params, unflatten, zerosLike} from "../tree.ts";
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
  const run = (grads: Params, state: SgdState, params: Params, keep: 0 | 1) => {
    const attrs: SgdAttrs = {learningRate: rateAt(learningRate, state.step), momentum, nesterov, keep};
    const gradients = leaves<Tensor>(grads);
    const velocities = leaves<Tensor>(state.velocity);
    const results = leaves<Tensor>(params).map((param, i) => {
      const inputs = {param, grad: gradients[i] as Tensor};
      const velocity = velocities[i];
      return sgdStep(velocity ? {...inputs, velocity} : inputs, attrs);
    });
    const next: SgdState = {
      step: state.step + 1,
      velocity: unflatten(
        state.velocity,
        results.flatMap(([, velocity]) => velocity ?? [])
      )
    };
    return {
      tree: unflatten(
        params,
        results.map(([first]) => first as Tensor)
      ),
      state: next
    };
  };
  return {
    init: (params): SgdState => ({step: 0, velocity: momentum > 0 ? zerosLike(params) : []}),
    update(grads, state, params) {
      const next = run(grads, state as SgdState, params, 0);
      return {updates: next.tree, state: next.state};
    },
    step(grads, state, params) {
      const next = run(grads, state as SgdState, params, 1);
      return {params: next.tree, state: next.state};
    }
  };
}
