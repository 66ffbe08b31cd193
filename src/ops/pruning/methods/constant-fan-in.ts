import {checkNumber} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {uniform} from "../../core/random.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity} from "../kept-counts.ts";
import {activeCount, dropSmallest, keptAfterDrop, largestOf} from "../updaters/drop-and-grow.ts";
import {type DropGrowOptions, dropTimes} from "../updaters/drop-grow-rule.ts";
import {type MaskRule, sparse} from "../updaters/sparse.ts";
import {type Leaves, mapLeaves} from "../updaters/sparse-state.ts";
import {countsByLayer} from "../updaters/topology.ts";

export interface ConstantFanInOptions extends DropGrowOptions {
  /** A neuron goes when fewer of its weights are salient than this share of its fan-in; 0.3 by default, 0 keeps all neurons. */
  ablation?: number;
}

/**
 * SRigL (Lasby et al. 2024): RigL in which every neuron of a layer has the same number k of inputs. At a change, the smallest weights of the
 * layer go, K of them. Salient are those that stay and the K absent ones with the largest gradients; a neuron with fewer than
 * ablation x k of them loses all its inputs, and the others share what it had: each gets inputs where the gradient is largest
 * until it has k' = (the layer's weights) / (neurons left), rounded down. A neuron without inputs comes back when gradients make
 * enough of its weights salient. `shrink` takes such neurons out of the network in the end.
 *
 * A neuron is an entry of the last axis of a kernel, [in, out] or [height, width, in, out]. k is the layer's share of the sparsity,
 * rounded to whole inputs, at least one: the sparsity is met up to that rounding. Left out: the condensed format in which the paper runs
 * such layers.
 *
 * @example
 * import {adam, fit, mlp} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {constantFanIn, layerStatistics} from "petri/pruning";
 *
 * const optimizer = constantFanIn(adam(), {sparsity: 0.8, end: 60, every: 10});
 * const training = fit(mlp([2, 64, 64, 2]), twoMoons({n: 200}), {steps: 80, optimizer});
 * for await (const row of training);
 * display(Inputs.table(await layerStatistics(training.state.optimizerState)));
 * training.dispose();
 */
export function constantFanIn(optimizer: Optimizer, options: ConstantFanInOptions): Optimizer {
  const {ablation = 0.3, sparsity} = options;
  checkSparsity(sparsity);
  checkNumber("ablation", ablation, 0, 1);
  const {isUpdate, dropAt} = dropTimes("constantFanIn", options);
  const rule: MaskRule = {
    title: "constantFanIn",
    isUpdate,
    skipsGradient: true,
    begin({weights, key}) {
      const fanIns = fanInsOf(weights, options);
      let index = 0;
      return mapLeaves(weights, ({shape}, path) => {
        const scores = asMatrix(uniform(key.fold(index++), shape));
        return tf.reshape(firstOfColumns(scores, fanIns[path] as number), shape);
      });
    },
    choose({step, weights, masks, grads}) {
      const fanIns = fanInsOf(weights, options);
      return mapLeaves(masks, (mask, path) => {
        const layer = {
          weight: asMatrix(weights[path] as Tensor),
          mask: asMatrix(mask),
          slope: asMatrix(tf.abs(grads[path] as Tensor))
        };
        const next = regrown(layer, {fanIn: fanIns[path] as number, drop: dropAt(step), ablation});
        return tf.reshape(next, mask.shape);
      });
    }
  };
  return sparse(optimizer, rule, options);
}

/** The number of inputs that every neuron of each layer begins with. */
function fanInsOf(weights: Leaves, options: ConstantFanInOptions): Record<string, number> {
  const counts = countsByLayer(weights, options);
  return Object.fromEntries(
    Object.entries(weights).map(([path, {shape}]) => [
      path,
      Math.max(1, Math.round((counts[path] as number) / (shape.at(-1) as number)))
    ])
  );
}

const asMatrix = (x: Tensor): Tensor => tf.reshape(x, [-1, x.shape.at(-1) as number]);

/** One change of a layer's mask [inputs, neurons]. */
function regrown(
  {weight, mask, slope}: {weight: Tensor; mask: Tensor; slope: Tensor},
  {fanIn, drop, ablation}: {fanIn: number; drop: number; ablation: number}
): Tensor {
  return tidy(() => {
    const [inputs, neurons] = mask.shape as [number, number];
    const active = activeCount(mask);
    const left = keptAfterDrop(active, drop);
    const survivors = dropSmallest(weight, mask, left);
    const absent = tf.sub(1, mask);
    const wanted = largestOf(
      tf.where(tf.cast(mask, "bool"), tf.fill(mask.shape, -1), slope),
      tf.sub(active, left)
    );
    const salient = tf.sum(tf.add(survivors, tf.mul(wanted, absent)), 0);
    const live = isLive(salient, tf.max(tf.sum(mask, 0)), ablation);
    const kept = tf.mul(survivors, live);
    const share = tf.floor(tf.div(fanIn * neurons + 0.5, tf.sum(live)));
    return tf.mul(firstOfColumns(keptFirst(kept, weight, slope), tf.minimum(share, inputs)), live);
  });
}

/** 1 for neurons with enough salient weights; for all where none has. */
function isLive(salient: Tensor, fanIn: Tensor, ablation: number): Tensor {
  const isEnough = tf.cast(tf.greaterEqual(salient, tf.mul(fanIn, ablation)), "float32");
  return tf.maximum(isEnough, tf.sub(1, tf.max(isEnough)));
}

/** Scores by which kept weights come first, from 2 to 3, and others by their gradients, from 0 to 1. */
function keptFirst(kept: Tensor, weight: Tensor, slope: Tensor): Tensor {
  const scaled = (x: Tensor) => tf.div(x, tf.add(tf.max(x), 1e-30));
  return tf.where(tf.cast(kept, "bool"), tf.add(scaled(tf.abs(weight)), 2), scaled(slope));
}

/** A mask of the `count` largest scores of every column; of equal ones the upper. */
function firstOfColumns(scores: Tensor, count: number | Tensor): Tensor {
  const size = scores.shape[0] as number;
  const order = tf.topk(tf.transpose(scores), size).indices;
  // Sorted once more, the places in the order give the order of the places: the rank of each.
  const ranks = tf.topk(tf.neg(tf.cast(order, "float32")), size).indices;
  return tf.cast(tf.less(tf.transpose(tf.cast(ranks, "float32")), count), "float32");
}
