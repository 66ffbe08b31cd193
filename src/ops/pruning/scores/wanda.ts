import {map} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {fits, inputSums, layerOf} from "./input-sums.ts";
import {defineScore} from "./score.ts";

/**
 * Wanda (Sun et al. 2024): |w| times the Euclidean norm, over the data, of what the weight multiplies; meant to be compared within
 * the weights of one output, `prune(params, {scope: "output", ...})`. A convolution's norms are those of its input channels, over
 * all positions of the images. Parameters that multiply no input (biases, scales) score |w|.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.5, scope: "output", score: scores.wanda, model, data: twoMoons({n: 200})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export const wanda = defineScore("wanda", ["model", "data"], (params, evidence) => {
  const sums = inputSums(params, evidence);
  return map((w: Tensor, path) => {
    const own = sums[layerOf(path)];
    return own && fits(w, own) ? tf.mul(tf.abs(w), tf.expandDims(tf.sqrt(own.squares), -1)) : tf.abs(w);
  }, params);
});
