import {tf} from "../../tf.ts";
import {eachWeight} from "./evidence.ts";
import {defineScore} from "./score.ts";

/**
 * Movement (Sanh et al. 2020): weights that moved away from zero stay, those that moved towards it go. The paper's score is the
 * sum of -w g over the steps; for small steps of SGD that is (w^2 - before^2) / 2, divided by the learning rate, which is
 * what this gives for the weights `before` a training and now, whatever the optimizer was.
 *
 * @example
 * import {fit, key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const before = model.init(key(0));
 * const training = fit(model, twoMoons({n: 200}), {params: before, epochs: 3});
 * for await (const row of training);
 * display(await sparsityByLayer(await prune(training.params, {sparsity: 0.8, score: scores.movement, before})));
 * training.dispose();
 */
export const movement = defineScore("movement", ["before"], (params, {before}) =>
  eachWeight((w, old) => tf.div(tf.sub(tf.square(w), tf.square(old as typeof w)), 2), params, before)
);
