import {ArgumentError, checkCount, checkNumber} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Tensor, tf} from "../../tf.ts";
import {roundHalfEven} from "../top-k.ts";
import {mapLeaves} from "../updaters/sparse-state.ts";
import {type SupermaskOptions, supermask} from "../updaters/supermask.ts";

export interface RecyclingOptions extends Omit<SupermaskOptions, "renew"> {
  /** Steps between recyclings. */
  every: number;
  /** Share of each layer's weights that are overwritten at a time, above 0 to 0.5; 0.1 by default. */
  share?: number;
  /** The last step at which weights are overwritten; none by default. */
  end?: number;
}

/**
 * Iterative weight recycling (Gorbett & Whitley 2023) on edge-popup: the weights stay random and scores are trained (`supermask`), and every
 * so many steps the weights of each layer with the smallest |score| take the values of those with the largest, the least of all that
 * of the most important. Scores stay as they are. Only values that were there at the start ever occur, so that they cost no storage beyond a seed.
 * Left out: the version for binary weights (Biprop).
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {weightRecycling} from "petri/pruning";
 *
 * const optimizer = weightRecycling(adam({learningRate: 0.02}), {sparsity: 0.5, every: 30});
 * const rows = [];
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 150, optimizer});
 * for await (const row of training) rows.push(row);
 * display(Plot.lineY(rows, {x: "step", y: "accuracy"}).plot({height: 180}));
 * training.dispose();
 */
export function weightRecycling(optimizer: Optimizer, options: RecyclingOptions): Optimizer {
  const {every, share = 0.1, end = Infinity, ...rest} = options;
  checkCount("every", every);
  checkNumber("share", share, 0, 0.5);
  if (share === 0)
    throw new ArgumentError("share must be above 0: for weights that never change use supermask.");
  return supermask(optimizer, {
    ...rest,
    renew: {
      isUpdate: (step) => step > 0 && step <= end && step % every === 0,
      choose: ({weights, scores}) =>
        mapLeaves(weights, (weight, path) => recycled(weight, scores[path] as Tensor, share))
    }
  });
}

/** A tensor's weights, with those of the smallest |score| overwritten by those of the largest. */
function recycled(weight: Tensor, score: Tensor, share: number): Tensor {
  const count = Math.max(1, roundHalfEven(weight.size * share));
  const flat = tf.reshape(weight, [-1]) as Tensor;
  const importance = tf.reshape(tf.abs(score), [-1]) as Tensor;
  const {indices: best} = tf.topk(importance, count);
  const {indices: worst} = tf.topk(tf.neg(importance), count);
  const values = tf.gather(flat, best);
  return tf.reshape(
    tf.tensorScatterUpdate(flat, tf.reshape(worst, [count, 1]) as Tensor, values),
    weight.shape
  );
}
