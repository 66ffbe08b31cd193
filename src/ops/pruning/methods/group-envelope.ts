import {checkNumber} from "../../core/errors.ts";
import type {Optimizer} from "../../core/optimizers/optimizer.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {checkSparsity, keptCount} from "../kept-counts.ts";
import {kernelsOnly, type Prunable} from "../masks.ts";
import {proximal} from "./proximal.ts";

export interface GroupEnvelopeOptions {
  /** Share of each parameter's groups (neurons, filters) that are to be zero, in [0, 1). */
  sparsity: number;
  /** The penalty's weight times the length of a step, above 0: what one proximal step applies. */
  strength: number;
  /** Which parameters are taken; those of rank 2 and more by default. Leave the last layer out: its units are the classes. */
  prunable?: Prunable;
}

/**
 * k-level structured sparsity by the group envelope (Refael, Arbel & Huleihel 2022): the penalty is the convex envelope of
 * |w|^2 / 2 over the w with at most k groups that are not zero, so that the number of groups is set in advance. Training is by proximal steps
 * around any optimizer (the paper's is SGD). Groups are the neurons or filters of a kernel, slices of its last axis, k the number that the sparsity leaves.
 * The envelope alone may leave more than k groups, fewer the stronger it is; cut the rest: prune with granularity.channel().
 * Left out: groups of other kinds and groups with weights of their own.
 *
 * @example
 * import {fit, mlp, sgd} from "petri/core";
 * import {twoMoons} from "petri/datasets";
 * import {groupEnvelope, smallGroups, sparsityByLayer} from "petri/pruning";
 *
 * const hidden = (path) => path === "dense1/kernel";
 * const optimizer = groupEnvelope(sgd({learningRate: 0.1}), {sparsity: 0.75, strength: 0.01, prunable: hidden});
 * const training = fit(mlp([2, 32, 2]), twoMoons({n: 200}), {steps: 200, optimizer});
 * for await (const row of training);
 * display(await sparsityByLayer(smallGroups(training.params, {prunable: hidden})));
 * training.dispose();
 */
export function groupEnvelope(optimizer: Optimizer, options: GroupEnvelopeOptions): Optimizer {
  const {sparsity, strength, prunable = kernelsOnly} = options;
  checkSparsity(sparsity);
  checkNumber("strength", strength, 1e-30);
  return proximal(optimizer, (param, path) => {
    if (!prunable(path, param)) return param;
    return envelopeProx(param, keptCount(param.shape.at(-1) as number, sparsity), strength);
  });
}

/**
 * The proximal operator of strength x the group envelope, at most k of the slices of the last axis: x = v u / (u + strength), where the
 * share u of a group of norm |v| is clip(c |v| - strength, 0, 1) with the c for which the shares add up to k. Of the shares' sum, piecewise linear in c, all corners
 * are computed at once: k is met without a loop or a read, at the cost of a square of the number of groups.
 */
export function envelopeProx(param: Tensor, k: number, strength: number): Tensor {
  return tidy(() => {
    const norms = tf.sqrt(tf.sum(tf.square(param), [...Array(param.rank - 1).keys()])) as Tensor;
    const shares = sharesOf(norms, k, strength);
    return tf.mul(param, tf.div(shares, tf.add(shares, strength)));
  });
}

/** The largest that stays a finite float when it is multiplied by a norm. */
const LARGEST = 1e30;

function sharesOf(norms: Tensor, k: number, strength: number): Tensor {
  const at = (c: Tensor) => tf.clipByValue(tf.sub(tf.mul(c, norms), strength), 0, 1);
  const safe = tf.maximum(norms, 1e-30);
  const corners = tf.minimum(tf.concat([tf.div(strength, safe), tf.div(1 + strength, safe)]), LARGEST);
  const sums = tf.sum(at(tf.expandDims(corners, 1)), 1) as Tensor;
  const isBelow = tf.lessEqual(sums, k);
  const zeros = tf.zerosLike(corners);
  const low = tf.max(tf.where(isBelow, corners, zeros));
  const lowSum = tf.max(tf.where(isBelow, sums, zeros));
  const high = tf.min(tf.where(isBelow, tf.fill(corners.shape, LARGEST), corners));
  const highSum = tf.min(tf.where(isBelow, tf.fill(corners.shape, norms.size + 1), sums));
  const share = tf.clipByValue(tf.div(tf.sub(k, lowSum), tf.maximum(tf.sub(highSum, lowSum), 1e-12)), 0, 1);
  const isBetween = tf.less(high, LARGEST);
  const c = tf.where(isBetween, tf.add(low, tf.mul(share, tf.sub(high, low))), low);
  return at(c);
}
