import {checkCount} from "../../core/errors.ts";
import {hvp} from "../../core/hvp.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import {bernoulli} from "../../core/random.ts";
import type {Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {eachBatch, eachWeight, lossOf, summed} from "./evidence.ts";
import {defineScore, type Score} from "./score.ts";

/**
 * Optimal brain damage (LeCun et al. 1990): w^2 h / 2, h the diagonal of the Hessian of the mean loss, here estimated by the mean of
 * v (H v) over `probes` random vectors v of signs (Hutchinson; exact where the Hessian is diagonal). `key` of the evidence draws
 * them, key(0) by default. Layers need second derivatives.
 *
 * @example
 * import {key, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {prune, scores, sparsityByLayer} from "petri/pruning";
 *
 * const model = mlp([2, 16, 2]);
 * const options = {sparsity: 0.8, score: scores.obdDiagonal({probes: 4}), model, data: twoMoons({n: 200})};
 * display(await sparsityByLayer(await prune(model.init(key(0)), options)));
 */
export function obdDiagonal(options: {probes?: number} = {}): Score {
  const {probes = 10} = options;
  checkCount("probes", probes);
  return defineScore("obdDiagonal", ["model", "data"], (params, evidence) => {
    const loss = lossOf(evidence);
    const {key = keyOf(0)} = evidence;
    const diagonals = Array.from({length: probes}, (_, probe) =>
      tidy(() => {
        const signs = signsLike(params, key.fold(probe));
        const product = summed(
          eachBatch(evidence, (x, y, share) =>
            eachWeight((h: Tensor) => tf.mul(h, share / probes), hvp(loss, params, signs, x, y))
          )
        );
        return eachWeight((v, h) => tf.mul(v, h as Tensor), signs, product);
      })
    );
    return eachWeight((w, h) => tf.div(tf.mul(tf.square(w), h as Tensor), 2), params, summed(diagonals));
  });
}

/** 1 or -1 for every weight. */
function signsLike(params: Params, key: Key): Params {
  let index = 0;
  return eachWeight((leaf) => tf.sub(tf.mul(bernoulli(key.fold(index++), 0.5, leaf.shape), 2), 1), params);
}
