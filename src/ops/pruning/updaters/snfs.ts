import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Tensor, tf} from "../../tf.ts";
import {checkSparsity} from "../kept-counts.ts";
import {activeCount, dropSmallest, growLargest} from "./drop-and-grow.ts";
import {type DropGrowOptions, dropTimes} from "./drop-grow-rule.ts";
import {type MaskChange, type MaskRule, sparse} from "./sparse.ts";
import type {Leaves} from "./sparse-state.ts";
import {randomTopology} from "./topology.ts";

/**
 * Sparse networks from scratch (Dettmers & Zettlemoyer 2019): every so many steps a share of each layer's smallest weights is
 * dropped, and as many in all grown where the momentum is largest; layers get them in proportion to the mean magnitude of the
 * momentum of their weights. The number of weights of all layers together stays exactly the same. Needs an optimizer with momentum.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {snfs, sparsityByLayer} from "petri/pruning";
 *
 * const optimizer = snfs(adam(), {sparsity: 0.8, end: 60, every: 10});
 * const training = fit(mlp([2, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer});
 * for await (const row of training);
 * display(await sparsityByLayer(training.params));
 * training.dispose();
 */
export function snfs(optimizer: Optimizer, options: DropGrowOptions): Optimizer {
  checkSparsity(options.sparsity);
  const {isUpdate, dropAt} = dropTimes("snfs", options);
  const rule: MaskRule = {
    title: "snfs",
    isUpdate,
    begin: (start) => randomTopology(start, options),
    seesAllGradients: true,
    choose: (change) => redistributed({...change, momentum: change.momentum()}, dropAt(change.step)).masks
  };
  return sparse(optimizer, rule, options);
}

/** What is dropped and grown where. `exact` grows as many as were dropped; without it every layer's share is rounded down, as the original does within a step. */
export function redistributed(
  {weights, masks, momentum}: Pick<MaskChange, "weights" | "masks"> & {momentum: Leaves},
  drop: number,
  {exact = true} = {}
): {masks: Leaves; kept: Leaves; grown: Tensor} {
  const paths = Object.keys(masks);
  const at = (leaves: Leaves, path: string) => leaves[path] as Tensor;
  const size = (path: string) => at(masks, path).size;
  const active = tf.stack(paths.map((path) => tf.cast(activeCount(at(masks, path)), "float32")));
  // Less a little: a product that is whole must not be lifted to the next number by rounding.
  const dropped = tf.ceil(tf.sub(tf.mul(active, drop), 1e-4));
  const left = tf.sub(active, dropped);
  const leftOf = countsOf(left);
  const kept = Object.fromEntries(
    paths.map((path, i) => [path, dropSmallest(at(weights, path), at(masks, path), leftOf[i] as Tensor)])
  );
  const means = tf.stack(
    paths.map((path) => {
      const mask = at(masks, path);
      return tf.div(tf.sum(tf.mul(tf.abs(at(momentum, path)), mask)), tf.maximum(tf.sum(mask), 1));
    })
  );
  const sum = tf.sum(means);
  const shares = tf.div(
    tf.add(means, tf.cast(tf.equal(sum, 0), "float32")),
    tf.add(sum, tf.mul(tf.cast(tf.equal(sum, 0), "float32"), paths.length))
  );
  const room = tf.sub(tf.tensor1d(paths.map(size)), left);
  const total = tf.sum(dropped);
  const floors = tf.minimum(tf.floor(tf.mul(total, shares)), room);
  const grown = exact
    ? tf.add(floors, handedOut(tf.sub(total, tf.sum(floors)), tf.sub(room, floors)))
    : floors;
  const after = countsOf(tf.add(left, grown));
  return {
    kept,
    grown,
    masks: Object.fromEntries(
      paths.map((path, i) => [
        path,
        growLargest(at(kept, path), tf.abs(at(momentum, path)), after[i] as Tensor)
      ])
    )
  };
}

/** The rest goes to the first layers that have room. */
function handedOut(rest: Tensor, room: Tensor): Tensor {
  const before = tf.cumsum(room, 0, true);
  return tf.minimum(tf.relu(tf.sub(rest, before)), room);
}

/** Whole numbers in a vector, as int32 scalars. */
function countsOf(vector: Tensor): Tensor[] {
  return tf.unstack(tf.cast(vector, "int32"));
}
