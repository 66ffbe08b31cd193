import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {checkSparsity} from "../kept-counts.ts";
import {sparse, type UpdaterOptions} from "./sparse.ts";
import {randomTopology, type TopologyOptions} from "./topology.ts";

/**
 * Static sparse training: masks that never change, random ones of the sparsity asked for unless `masks` are given.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {sparsityByLayer, staticSparse} from "petri/pruning";
 *
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 50, optimizer: staticSparse(adam(), {sparsity: 0.8})});
 * for await (const row of training);
 * display(await sparsityByLayer(training.params));
 * training.dispose();
 */
export function staticSparse(optimizer: Optimizer, options: TopologyOptions & UpdaterOptions): Optimizer {
  checkSparsity(options.sparsity);
  const rule = {
    title: "staticSparse",
    isUpdate: () => false,
    begin: (start: Parameters<typeof randomTopology>[0]) => randomTopology(start, options),
    choose: ({masks}: {masks: ReturnType<typeof randomTopology>}) => masks
  };
  return sparse(optimizer, rule, options);
}
