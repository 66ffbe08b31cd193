import {ArgumentError, checkCount, checkNumber, checkOptions} from "../../core/errors.ts";
import {type Key, key as keyOf} from "../../core/key.ts";
import type {Layer} from "../../core/layer.ts";
import type {DenseParams} from "../../core/layers/dense.ts";
import {normal} from "../../core/random.ts";
import {map, type Params} from "../../core/tree.ts";
import {type Tensor, tf, tidy} from "../../tf.ts";
import {mlpExpert} from "../experts/mlp-expert.ts";
import {type MoeLayer, moe} from "../moe.ts";
import {topKRouter} from "../routers/top-k-router.ts";
import type {Router} from "../routing.ts";
import {FFN_OPTIONS, type Ffn, type FfnOptions, type FfnsReplaced, findFfns, replaceFfns} from "./ffn.ts";
import {inputShapeOf} from "./layers.ts";

export interface UpcycleOptions extends FfnOptions {
  /** Experts of each mixture. */
  experts: number;
  /** topKRouter({k: 2}) by default, whose weights sum to one, so that nothing changes at first. */
  router?: Router;
  /** Standard deviation of what is added to every expert's weights, as a share of that of each tensor; 0 by default. */
  noise?: number;
  /** Source of the routers and the noise, key(0) by default. */
  key?: Key;
}

/** A network with mixtures for feed-forward parts. The caller owns the tensors. */
export interface Upcycled extends FfnsReplaced {
  /**
   * A tree like the dense network's parameters, in the form of the new ones: copied to every expert, zero for routers. For
   * moments of an optimizer, so that training goes on where it was. The caller owns it.
   */
  lift(tree: Params): Params;
}

/**
 * Sparse upcycling (Komatsuzaki et al. 2023): every feed-forward part of a trained network (two dense layers one after the
 * other, or those at the paths `at`) becomes a mixture whose experts all begin as copies of it, with a fresh router. With a
 * router whose weights sum to one, the new network computes what the old one did, and training goes on from there; with weights
 * "softmax" the outputs shrink by the sum of the kept ones. Throws an ArgumentError where the network has no such part, and for
 * experts or noise out of range.
 *
 * @example
 * import {key, mlp, tf} from "petri/core";
 * import {upcycle} from "petri/moe";
 *
 * const model = mlp([8, 32, 4]);
 * const params = model.init(key(0));
 * const sparse = upcycle(model, params, {experts: 4, key: key(1)});
 * const x = tf.ones([1, 8]);
 * display([model.apply(params, x), sparse.model.apply(sparse.params, x)].map((y) => y.arraySync()[0]));
 */
export function upcycle(model: Layer, params: Params, options: UpcycleOptions): Upcycled {
  checkOptions("upcycle", options, {experts: true, router: true, noise: true, key: true, ...FFN_OPTIONS});
  const {experts, router = topKRouter({k: 2}), noise = 0, key = keyOf(0)} = options;
  checkCount("experts", experts);
  checkNumber("noise", noise, 0);
  return upcycled(model, params, options, {
    layer: (ffn) => moe({experts, router, expert: expertOf(ffn, ffn.hidden)}),
    init: (ffn, at) => router.init(key.fold(at), {features: ffn.features, experts}),
    lift: (first, second, at, isStart) => {
      const copies = {in: copied(first, experts), out: copied(second, experts)};
      return isStart && noise > 0 ? shaken(copies, noise, key.fold(at).fold(1)) : copies;
    }
  });
}

/** What becomes of each feed-forward part. */
export interface Upcycling {
  layer(ffn: Ffn): MoeLayer;
  /** The router's parameters. */
  init(ffn: Ffn, at: number): Params;
  /** Two dense layers as experts; `isStart` for the parameters themselves. */
  lift(first: DenseParams, second: DenseParams, at: number, isStart: boolean): Params;
}

/** A network whose feed-forward parts became mixtures in some way. */
export function upcycled(model: Layer, params: Params, options: FfnOptions, way: Upcycling): Upcycled {
  const inputShape = inputShapeOf(model, options.inputShape);
  const ffns = findFfns(model, params, options);
  const layers = ffns.map((ffn) => way.layer(ffn));
  const build = (tree: Params, isStart: boolean): FfnsReplaced =>
    tidy(() => {
      const own = isStart ? ffns : findFfns(model, tree, options);
      const parts = own.map(({path, first, second}, at) => {
        const router = way.init(ffns[at] as Ffn, at);
        const started = isStart ? router : map((leaf: Tensor) => tf.zerosLike(leaf), router);
        const made = {router: started, experts: way.lift(first, second, at, isStart)};
        return [path, {layer: layers[at] as Layer, params: made as Params}] as const;
      });
      return replaceFfns({model, params: tree}, inputShape, new Map(parts));
    });
  return {...build(params, true), lift: (tree) => build(tree, false).params};
}

/** Experts of two layers like a feed-forward part, with so many hidden units. */
export const expertOf = ({activation, outputs, first, second}: Ffn, hidden: number) => {
  if (!first.bias !== !second.bias)
    throw new ArgumentError(
      "A feed-forward part must have biases in both of its layers or in none: its experts do."
    );
  return mlpExpert({hidden, activation, units: outputs, bias: !!first.bias});
};

/** A dense layer so many times, on a leading axis. */
function copied({kernel, bias}: DenseParams, experts: number): DenseParams {
  const stacked = (x: Tensor) => tf.tile(tf.expandDims(x, 0), [experts, ...x.shape.map(() => 1)]);
  return {kernel: stacked(kernel), ...(bias && {bias: stacked(bias)})};
}

/** Normal noise on every tensor, as a share of its own standard deviation. */
function shaken(experts: Params, noise: number, key: Key): Params {
  let part = 0;
  return map((leaf: Tensor) => {
    const {variance} = tf.moments(leaf);
    const drawn = normal(key.fold(part++), leaf.shape);
    return tf.add(leaf, tf.mul(drawn, tf.mul(tf.sqrt(variance), noise)));
  }, experts);
}
