import {tf} from "../../tf.ts";
import {eachWeight, meanGradients} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * |w g|, g the gradient of the mean loss over the data: how much the loss changes, to first order, when the weight goes.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.gradientSaliency, model, data: twoMoons({n: 200})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export const gradientSaliency = defineScore("gradientSaliency", ["model", "data"], (params, evidence) =>
  eachWeight((w, g) => tf.abs(tf.mul(w, g as typeof w)), params, meanGradients(params, evidence))
);
