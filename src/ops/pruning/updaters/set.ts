import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform} from "../../core/random.ts";
import {type DropGrowOptions, dropGrowRule} from "./drop-grow-rule.ts";
import {sparse} from "./sparse.ts";

/**
 * Sparse evolutionary training (Mocanu et al. 2018): a random sparse network of which, every so many steps, the smallest weights
 * are dropped and as many grown at random places. The number of weights of every layer stays exactly the same.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {set, sparsityByLayer} from "petri/pruning";
 *
 * const optimizer = set(adam(), {sparsity: 0.8, end: 60, every: 10});
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer});
 * for await (const row of training);
 * display(await sparsityByLayer(training.params));
 * training.dispose();
 */
export function set(optimizer: Optimizer, options: DropGrowOptions): Optimizer {
  const rule = dropGrowRule("set", options, ({key, weights}, path, index) =>
    uniform(key.fold(index), weights[path]?.shape ?? [])
  );
  return sparse(optimizer, rule, options);
}
