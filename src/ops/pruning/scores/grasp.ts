import {hvp} from "../../core/hvp.ts";
import {tf} from "../../tf.ts";
import {eachBatch, eachWeight, lossOf, onPrunable, summed, summedGradients, total} from "./evidence.ts";
import {defineScore, type Score} from "./score.ts";

/**
 * GraSP (Wang et al. 2020): w (H g), the change of the gradient's square when the weight goes; what keeps the gradient flowing has
 * the largest. g and H are sums over the batches of the derivatives of their mean losses by the prunable parameters, with outputs divided
 * by `temperature`; scores are divided by the absolute value of their sum. Meant for a network before training, whose layers have second derivatives.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.grasp(), model, data: twoMoons({n: 200})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export function grasp(options: {temperature?: number} = {}): Score {
  const {temperature = 200} = options;
  return defineScore("grasp", ["model", "data"], (params, evidence) => {
    const loss = lossOf(evidence, {temperature});
    const direction = onPrunable(summedGradients(params, evidence, {temperature}), evidence);
    const curved = summed(eachBatch(evidence, (x, y) => hvp(loss, params, direction, x, y)));
    const flow = eachWeight((w, h) => tf.mul(w, h as typeof w), params, curved);
    const scale = tf.add(tf.abs(total(onPrunable(flow, evidence))), 1e-10);
    return eachWeight((score) => tf.div(score, scale), flow);
  });
}
