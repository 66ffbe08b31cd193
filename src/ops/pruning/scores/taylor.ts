import {valueAndGrad} from "../../core/grad.ts";
import {tf} from "../../tf.ts";
import {eachBatch, eachWeight, lossOf, summed} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * First-order Taylor expansion (Molchanov et al. 2019): the mean over batches of (w g)^2, the squared change of a batch's loss when
 * the weight goes. Unlike gradientSaliency a weight counts whose gradients cancel over the data.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.taylor, model, data: twoMoons({n: 200}), batchSize: 20};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export const taylor = defineScore("taylor", ["model", "data"], (params, evidence) => {
  const gradients = valueAndGrad(lossOf(evidence));
  return summed(
    eachBatch(evidence, (x, y, share) => {
      const [, grads] = gradients(params, x, y);
      return eachWeight((w, g) => tf.mul(tf.square(tf.mul(w, g as typeof w)), share), params, grads);
    })
  );
});
