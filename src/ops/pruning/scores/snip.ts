import {tf} from "../../tf.ts";
import {eachWeight, onPrunable, summedGradients, total} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * SNIP (Lee et al. 2019): |dL/dm| where m = 1 multiplies the weight, which is |w g|, divided by the sum over all prunable ones.
 * The gradients of the batches' mean losses are added up. Meant for a network before training.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.snip, model, data: twoMoons({n: 200})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export const snip = defineScore("snip", ["model", "data"], (params, evidence) => {
  const grads = summedGradients(params, evidence);
  const changes = eachWeight((w, g) => tf.abs(tf.mul(w, g as typeof w)), params, grads);
  const sum = total(onPrunable(changes, evidence));
  return eachWeight((change) => tf.div(change, sum), changes);
});
