import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Tensor, tf} from "../../tf.ts";
import {type DropGrowOptions, dropGrowRule} from "./drop-grow-rule.ts";
import {sparse} from "./sparse.ts";

/**
 * RigL (Evci et al. 2020): `set` that grows where the gradient of the step is largest. Steps that change masks make no gradient step.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {layerStatistics, rigl} from "petri/pruning";
 *
 * const optimizer = rigl(adam(), {sparsity: 0.8, end: 60, every: 10});
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer});
 * for await (const row of training);
 * display(Inputs.table(await layerStatistics(training.state.optimizerState)));
 * training.dispose();
 */
export function rigl(optimizer: Optimizer, options: DropGrowOptions): Optimizer {
  return sparse(
    optimizer,
    dropGrowRule("rigl", options, ({grads}, path) => tf.abs(grads[path] as Tensor)),
    options
  );
}
