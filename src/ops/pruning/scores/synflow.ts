import {valueAndGrad} from "../../core/grad.ts";
import type {Params} from "../../core/tree.ts";
import {tf} from "../../tf.ts";
import {eachWeight} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * SynFlow (Tanaka et al. 2020): |w| dR/d|w| where R is the sum of the outputs of the network with all weights, and biases, at
 * their absolute values, for an example of ones. It needs no data. Prune in rounds with it (`pruneInRounds`): at once it removes
 * whole layers. In float32 R overflows for very deep networks.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {pruneInRounds, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([8, 32, 32, 2]);
 * const options = {sparsity: 0.95, rounds: 20, score: scores.synflow, model, inputShape: [8]};
 * display(await sparsityByLayer(await pruneInRounds(model.init(key(0)), options)));
 */
export const synflow = defineScore("synflow", ["model", "inputShape"], (params, evidence) => {
  const {model, modelState} = evidence;
  const shape = evidence.inputShape ?? evidence.data?.inputShape ?? [];
  const ones = tf.ones([1, ...shape]);
  const positive = eachWeight((w) => tf.abs(w), params);
  const flow = (at: Params) =>
    tf.sum(model.apply(at, ones, {training: false, ...(modelState && {state: modelState})}));
  const [, grads] = valueAndGrad(flow)(positive);
  return eachWeight((w, g) => tf.abs(tf.mul(w, g as typeof w)), positive, grads);
});
