import {checkCount, checkNumber} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf} from "../../tf.ts";
import {activeCount, dropSmallest, growLargest, keptShare, largestOf} from "../updaters/drop-and-grow.ts";
import {type MaskRule, sparse, type UpdaterOptions} from "../updaters/sparse.ts";
import {mapLeaves} from "../updaters/sparse-state.ts";

export interface SparseEvolutionOptions extends UpdaterOptions {
  /** How dense a layer is: it has epsilon (inputs + outputs) weights; 20 by default, as in the paper. */
  epsilon?: number;
  /** Share of the positive, and of the negative weights that is dropped each time, 0.3 by default. */
  zeta?: number;
  /** Steps between changes of the masks; the paper has those of an epoch. */
  every: number;
  /** The step from which masks stay as they are; never by default. */
  end?: number;
}

/**
 * Sparse evolutionary training as its paper has it (Mocanu et al. 2018): a layer of n inputs and m outputs has epsilon (n + m) weights
 * at random places. Every so many steps the share zeta of its positive weights nearest to zero goes, and of its negative ones, and
 * as many come at random places, so that the number stays exactly the same. `set` is the variant that compares magnitudes and
 * drops ever fewer. The paper draws each connection by itself, so that a layer's number is epsilon (n + m) on average; here it is exact.
 * Grown weights start at zero.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {sparseEvolution, sparsityByLayer} from "petri/pruning";
 *
 * const optimizer = sparseEvolution(adam(), {epsilon: 2, every: 10});
 * const training = fit(mlp([2, 64, 64, 2]), twoMoons({n: 200}), {steps: 60, optimizer});
 * for await (const row of training);
 * display(await sparsityByLayer(training.params));
 * training.dispose();
 */
export function sparseEvolution(optimizer: Optimizer, options: SparseEvolutionOptions): Optimizer {
  const {epsilon = 20, zeta = 0.3, every, end = Infinity} = options;
  checkNumber("epsilon", epsilon, 0);
  checkNumber("zeta", zeta, 0, 1);
  checkCount("every", every);
  const rule: MaskRule = {
    title: "sparseEvolution",
    isUpdate: (step) => step > 0 && step < end && step % every === 0,
    begin({weights, key}) {
      let index = 0;
      return mapLeaves(weights, ({shape, size}) => {
        const [inputs = 1, outputs = 1] = [size / (shape.at(-1) ?? 1), shape.at(-1)];
        const count = Math.min(size, Math.max(1, Math.round(epsilon * (inputs + outputs))));
        return largestOf(uniform(key.fold(index++), shape), count);
      });
    },
    choose({weights, masks, key}) {
      let index = 0;
      return mapLeaves(masks, (mask, path) => {
        const weight = weights[path] as Tensor;
        const kept = tf.add(
          nearestDropped(weight, tf.greater(weight, 0), zeta),
          nearestDropped(weight, tf.less(weight, 0), zeta)
        );
        // Those that just went come back last: with the value that they had.
        const scores = tf.sub(uniform(key.fold(index++), mask.shape), mask);
        return growLargest(kept, scores, activeCount(mask));
      });
    }
  };
  return sparse(optimizer, rule, options);
}

/** A mask of the weights of one sign without the share of them that is nearest to zero. Pruned weights are zero and have no sign. */
function nearestDropped(weight: Tensor, sign: Tensor, zeta: number): Tensor {
  const own = tf.cast(sign, "float32");
  return dropSmallest(weight, own, keptShare(activeCount(own), zeta));
}
