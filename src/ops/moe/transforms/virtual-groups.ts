import {ArgumentError, checkCount, checkOptions} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import type {DenseParams} from "../../core/layers/dense.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf} from "../../tf.ts";
import {moe} from "../moe.ts";
import {checkWord, type Known} from "../options.ts";
import {topKRouter} from "../routers/top-k-router.ts";
import {FFN_OPTIONS, type FfnOptions} from "./ffn.ts";
import {expertOf, type Upcycled, upcycled} from "./upcycle.ts";

export interface VirtualGroupOptions extends FfnOptions {
  /** Copies of the whole feed-forward part: that many virtual groups of experts. */
  copies: number;
  /** Pieces that each copy's hidden units are divided into: a group has an expert for each. */
  shards: number;
  /** Groups that compute each token at first, 1 by default: k is this times `shards`. */
  groups?: number;
  /** Softmax over all experts before the choice ("softmax", the default), or over the chosen alone ("renormalised"). */
  weights?: "softmax" | "renormalised";
  /** Source of the routers, key(0) by default. */
  key?: Key;
}

const OPTIONS: Known<VirtualGroupOptions> = {
  copies: true,
  shards: true,
  groups: true,
  weights: true,
  key: true,
  ...FFN_OPTIONS
};

/**
 * Upcycling into fine-grained experts (He et al. 2024): the hidden units of a feed-forward part are divided into `shards`, and
 * every shard is copied `copies` times. Routers begin with the same weights for all shards of a copy (a virtual group), so that
 * the experts of a token are whole copies of the part, each shard once. As every shard is weighted by a share of one, the last
 * matrix is scaled up: by `shards` for renormalised weights, and then the network computes what the old one did; by copies *
 * shards / groups for softmax weights, which is exact where the router finds all groups equally likely. (The paper, whose
 * activation is homogeneous, divides the factor among the matrices.) Experts lie group after group. Throws an ArgumentError where
 * hidden units cannot be divided into so many shards of equal size.
 *
 * @example
 * import {key, mlp, tf} from "petri/core";
 * import {upcycleVirtualGroups} from "petri/moe";
 *
 * const model = mlp([8, 32, 4]);
 * const params = model.init(key(0));
 * const fine = upcycleVirtualGroups(model, params, {copies: 4, shards: 8, weights: "renormalised"});
 * const x = tf.ones([1, 8]);
 * display([model.apply(params, x), fine.model.apply(fine.params, x)].map((y) => y.arraySync()[0]));
 */
export function upcycleVirtualGroups(model: Layer, params: Params, options: VirtualGroupOptions): Upcycled {
  checkOptions("upcycleVirtualGroups", options, OPTIONS);
  const {copies, shards, groups = 1, weights = "softmax", key = keyOf(0)} = options;
  for (const [name, count] of Object.entries({copies, shards, groups})) checkCount(name, count);
  if (groups > copies)
    throw new ArgumentError(`groups is ${groups}, but there are ${copies} copies. Pass 1 to ${copies}.`);
  checkWord("weights", weights, ["softmax", "renormalised"]);
  const experts = copies * shards;
  const factor = weights === "renormalised" ? shards : experts / groups;
  const router = topKRouter({k: groups * shards, weights});
  return upcycled(model, params, options, {
    layer: (ffn) => {
      if (ffn.hidden % shards !== 0)
        throw new ArgumentError(
          `${ffn.path} has ${ffn.hidden} hidden units, which cannot be divided into ${shards} shards: pass a divisor.`
        );
      return moe({experts, router, expert: expertOf(ffn, ffn.hidden / shards)});
    },
    init: ({features}, at) =>
      map(
        (leaf: Tensor) => eachRepeated(leaf, shards),
        topKRouter({k: 1}).init(key.fold(at), {features, experts: copies}) as Params
      ),
    lift: (first, second) => sharded(first, second, {copies, shards, factor})
  });
}

/** Each column so many times in a row: [rows, columns] -> [rows, columns * times]. */
function eachRepeated(x: Tensor, times: number): Tensor {
  const [rows, columns] = x.shape as [number, number];
  return tf.reshape(tf.tile(tf.expandDims(x, 2), [1, 1, times]), [rows, columns * times]);
}

/** The hidden units of two dense layers in shards, all of them copied, group after group. */
function sharded(
  first: DenseParams,
  second: DenseParams,
  {copies, shards, factor}: {copies: number; shards: number; factor: number}
): Params {
  const [features, hidden] = first.kernel.shape as [number, number];
  const size = hidden / shards;
  const repeated = (x: Tensor) => tf.tile(x, [copies, ...x.shape.slice(1).map(() => 1)]);
  const kernel = tf.transpose(tf.reshape(first.kernel, [features, shards, size]), [1, 0, 2]);
  const out = tf.mul(tf.reshape(second.kernel, [shards, size, -1]), factor);
  // Every shard gives its part of the last bias.
  const outBias = second.bias && tf.mul(tf.tile(tf.expandDims(second.bias, 0), [shards, 1]), factor / shards);
  return {
    in: {
      kernel: repeated(kernel),
      ...(first.bias && {bias: repeated(tf.reshape(first.bias, [shards, size]))})
    },
    out: {kernel: repeated(out), ...(outBias && {bias: repeated(outBias)})}
  };
}
