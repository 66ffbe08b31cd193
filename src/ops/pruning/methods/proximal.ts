import {type Optimizer, type OptimizerState, stepOptimizer} from "../../core/optimizers/optimizer.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";

type ProximalState = {inner: OptimizerState};

/**
 * Proximal steps: after each of the optimizer's, every parameter goes through `prox`, which pulls it towards what a penalty wants and may
 * set it to zero exactly. `prox` is given the parameter and its path and returns a tensor of the same shape.
 *
 * @example
 * import {adam, fit, mlp, tf} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {proximal, sparsityOf} from "petri/pruning";
 *
 * // Soft thresholding: the L1 penalty.
 * const l1 = (w) => w.sign().mul(w.abs().sub(0.003).relu());
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 100, optimizer: proximal(adam(), l1)});
 * for await (const row of training);
 * display(await sparsityOf(training.params));
 * training.dispose();
 */
export function proximal(optimizer: Optimizer, prox: (param: Tensor, path: string) => Tensor): Optimizer {
  const innerOf = (state: OptimizerState) => (state as ProximalState).inner;
  const step = (grads: Params, state: OptimizerState, params: Params) =>
    tidy(() => {
      const moved = stepOptimizer(optimizer, grads, innerOf(state), params);
      return {
        params: map((leaf: Tensor, path) => prox(leaf, path), moved.params),
        state: {inner: moved.state}
      };
    });
  return {
    learningRate: (state) => optimizer.learningRate?.(innerOf(state)),
    isIrregular: (state) => optimizer.isIrregular?.(innerOf(state)) === true,
    start: (params, state) => optimizer.start?.(params, innerOf(state)) ?? params,
    init: (params): ProximalState => ({inner: optimizer.init(params)}),
    step,
    update: (grads, state, params) =>
      tidy(() => {
        const next = step(grads, state, params);
        const change = (now: Tensor, _path: string, old: Tensor | undefined) => tf.sub(now, old as Tensor);
        return {updates: map(change, next.params, params), state: next.state};
      })
  };
}
