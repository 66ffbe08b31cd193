import {entries, type Params, unflatten} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {defineScore} from "./score.ts";

/**
 * LAMP (Lee et al. 2021): w^2 divided by the sum of all w'^2 >= w^2 of the same tensor. The largest weight of a tensor scores 1, so
 * that global pruning by it shares the sparsity out among the layers by itself.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const masks = await prune(mlp([8, 64, 2]).init(key(0)), {sparsity: 0.9, score: scores.lamp});
 * display(await sparsityByLayer(masks));
 */
export const lamp = defineScore("lamp", [], async (params): Promise<Params> => {
  const all = entries<Tensor>(params);
  const values = await Promise.all(all.map(({leaf}) => leaf.data()));
  return unflatten(
    params,
    all.map(({leaf}, i) => tf.tensor(lampScores(values[i] as Float32Array), leaf.shape))
  );
});

function lampScores(weights: Float32Array): Float32Array {
  const squares = Float64Array.from(weights, (w) => w * w);
  const order = Uint32Array.from(squares.keys()).sort(
    (a, b) => (squares[b] as number) - (squares[a] as number)
  );
  const scores = new Float32Array(weights.length);
  let sum = 0;
  for (let start = 0; start < order.length; ) {
    const square = squares[order[start] as number] as number;
    let end = start;
    while (end < order.length && squares[order[end] as number] === square) ++end;
    sum += square * (end - start);
    for (; start < end; ++start) scores[order[start] as number] = sum === 0 ? 0 : square / sum;
  }
  return scores;
}
