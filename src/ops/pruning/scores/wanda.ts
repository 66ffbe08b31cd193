import {entries, map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {eachBatch, type WithData} from "./evidence.ts";
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
  const squares = inputSquares(params, evidence);
  return map((w: Tensor, path) => {
    const square = squares.get(layerOf(path));
    return square && fits(w, square) ? tf.mul(tf.abs(w), tf.expandDims(tf.sqrt(square), -1)) : tf.abs(w);
  }, params);
});

const layerOf = (path: string) => path.split("/").slice(0, -1).join("/");

/** A kernel [..., in, out] of a layer whose inputs have as many features. */
const fits = (w: Tensor, square: Tensor) => w.rank > 1 && w.shape.at(-2) === square.shape[0];

/** Sums of squares of the features of every layer's inputs over the data, by the layer's path. */
function inputSquares(params: Params, evidence: WithData): Map<string, Tensor> {
  const {model, modelState} = evidence;
  const wanted = new Set(entries<Tensor>(params).map(({path}) => layerOf(path)));
  const sums = new Map<string, Tensor>();
  const see = (path: string, x: Tensor) => {
    if (!wanted.has(path)) return;
    const before = sums.get(path);
    const sum = tidy(() => {
      const axes = Array.from({length: x.rank - 1}, (_, axis) => axis);
      const square = tf.sum(tf.square(x), axes);
      return tf.keep(before ? tf.add(before, square) : square);
    });
    before?.dispose();
    sums.set(path, sum);
  };
  try {
    eachBatch(evidence, (x) => {
      see("", x);
      model.apply(params, x, {training: false, see, ...(modelState && {state: modelState})});
    });
    return new Map([...sums].map(([path, sum]) => [path, tf.clone(sum)]));
  } finally {
    for (const sum of sums.values()) sum.dispose();
  }
}
