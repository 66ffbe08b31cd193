import {perExampleGrads} from "../../core/per-example.ts";
import {type Tensor, tf} from "../../tf.ts";
import {eachBatch, eachWeight, lossOf, summed} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * w^2 F / 2, F the diagonal of the empirical Fisher matrix: the mean over examples of the squared gradient of one's own loss
 * (Theis et al. 2018; what WoodFisher and CHITA begin with). Takes a backward pass an example.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.fisher, model, data: twoMoons({n: 50})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export const fisher = defineScore("fisher", ["model", "data"], (params, evidence) => {
  const loss = lossOf(evidence);
  const squares = eachBatch(evidence, (x, y, share) => {
    const each = perExampleGrads(loss, params, x, y);
    return eachWeight((grads: Tensor) => tf.mul(tf.mean(tf.square(grads), 0), share), each);
  });
  return eachWeight((w, f) => tf.div(tf.mul(tf.square(w), f as Tensor), 2), params, summed(squares));
});
